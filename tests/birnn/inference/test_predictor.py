"""Texts as the networks read them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.inference import predictor
from birnn.networks import network
from birnn.networks.network import Network
from birnn.text import encoding
from tests.birnn.readers import reader as small_reader

READING = small_reader()


@settings(max_examples=30)
@given(st.lists(st.text(st.characters() | st.characters(categories=["Cs"])), max_size=8))
def test_any_texts_have_a_probability(texts: list[str]) -> None:
    found = READING.probabilities(texts)
    assert list(found) == ["bilstm", "bigru"]
    for probabilities in found.values():
        assert probabilities.shape == (len(texts),)
        assert ((probabilities >= 0) & (probabilities <= 1)).all()


def test_the_mean_is_that_of_both() -> None:
    texts = ["A good film.", "bad", ""]
    found = READING.probabilities(texts)
    expected = (found["bilstm"] + found["bigru"]) / 2
    assert READING.mean_probabilities(texts) == pytest.approx(expected)


def test_batches_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["good " * length + "film" for length in range(10)]
    whole = READING.probabilities(texts)
    monkeypatch.setattr(network, "BATCH", 3)
    for name, probabilities in READING.probabilities(texts).items():
        assert np.abs(probabilities - whole[name]).max() <= 1e-6


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "padded").mkdir()
    encoding.write(READING.encoding, tmp_path / "padded")
    shape: dict[str, Any] = {"num_words": 11, "maxlen": 8, "embedding_dim": 5, "units": 4}
    shape |= {"dropout": 0.5, "kernel": "auto"}
    for name, layer in (("bilstm", "lstm"), ("bigru", "gru")):
        (tmp_path / name).mkdir()
        network.save(Network(layer=layer, **shape), READING.networks[name], tmp_path / name)
    loaded = predictor.load(["bilstm", "bigru"], tmp_path / "padded", tmp_path)
    texts = ["A good film.", "bad", ""]
    for name, probabilities in loaded.probabilities(texts).items():
        assert probabilities.tolist() == READING.probabilities(texts)[name].tolist()
