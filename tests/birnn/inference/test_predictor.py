"""Texts as the networks read them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.inference import predictor
from birnn.networks import network
from birnn.networks.config import NetworkConfig
from birnn.networks.network import save_network
from birnn.text import encoding
from tests.birnn.predictors import small_predictor

PREDICTOR = small_predictor()


@settings(max_examples=30)
@given(st.lists(st.text(st.characters() | st.characters(categories=["Cs"])), max_size=8))
def test_any_texts_have_a_probability(texts: list[str]) -> None:
    found = PREDICTOR.predict(texts)
    assert list(found) == ["bilstm", "bigru"]
    for probabilities in found.values():
        assert probabilities.shape == (len(texts),)
        assert ((probabilities >= 0) & (probabilities <= 1)).all()


def test_batches_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["good " * length + "film" for length in range(10)]
    whole = PREDICTOR.predict(texts)
    monkeypatch.setattr(network, "BATCH_SIZE", 3)
    for name, probabilities in PREDICTOR.predict(texts).items():
        assert np.abs(probabilities - whole[name]).max() <= 1e-6


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "padded").mkdir()
    encoding.write(PREDICTOR.encoding, tmp_path / "padded")
    shape: dict[str, Any] = {"num_words": 11, "maxlen": 8, "embedding_dim": 5, "units": 4}
    shape |= {"dropout": 0.5, "kernel": "auto"}
    for name, layer in (("bilstm", "lstm"), ("bigru", "gru")):
        (tmp_path / name).mkdir()
        save_network(NetworkConfig(layer=layer, **shape), PREDICTOR.networks[name], tmp_path / name)
    loaded = predictor.load(["bilstm", "bigru"], tmp_path / "padded", tmp_path)
    texts = ["A good film.", "bad", ""]
    for name, probabilities in loaded.predict(texts).items():
        assert probabilities.tolist() == PREDICTOR.predict(texts)[name].tolist()
