"""Predictions for new texts."""

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
def test_any_texts_are_predicted(texts: list[str]) -> None:
    predictions = PREDICTOR.predict(texts)
    assert list(predictions) == ["bilstm", "bigru"]
    for log_odds in predictions.values():
        assert log_odds.shape == (len(texts),)
        assert np.isfinite(log_odds).all()


def test_batch_size_does_not_change_predictions(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["good " * length + "film" for length in range(10)]
    expected = PREDICTOR.predict(texts)
    monkeypatch.setattr(network, "BATCH_SIZE", 3)
    for name, log_odds in PREDICTOR.predict(texts).items():
        assert np.abs(log_odds - expected[name]).max() <= 1e-6


def test_loaded_networks_predict_the_same(tmp_path: Path) -> None:
    (tmp_path / "padded").mkdir()
    encoding.write(PREDICTOR.encoding, tmp_path / "padded")
    config: dict[str, Any] = {
        "num_words": 11,
        "maxlen": 8,
        "embedding_dim": 5,
        "settings": {"units": 4},
    }
    config |= {"dropout": 0.5, "kernel": "auto"}
    for name in PREDICTOR.networks:
        (tmp_path / name).mkdir()
        save_network(NetworkConfig(name=name, **config), PREDICTOR.networks[name], tmp_path / name)
    loaded = predictor.load(["bilstm", "bigru"], tmp_path / "padded", tmp_path)
    texts = ["A good film.", "bad", ""]
    for name, log_odds in loaded.predict(texts).items():
        assert log_odds.tolist() == PREDICTOR.predict(texts)[name].tolist()
