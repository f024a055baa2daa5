"""Predictions of saved models, and their costs."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from birnn.core.settings import Baseline
from birnn.evaluation import costs, predictions
from birnn.evaluation.model_names import BASELINE, NETWORKS
from birnn.networks.network import save_network
from birnn.text import sequences
from birnn.training import baseline
from tests.birnn import small_networks


@pytest.mark.parametrize(("pooling", "ids_read"), [("last", 3), ("max_mean", 2)])
def test_all_models_predict_a_split(tmp_path: Path, pooling: str, ids_read: int) -> None:
    words = [["good"], ["bad"], ["good", "film"], ["unknown"]] * 2
    rows = np.arange(len(words), dtype=np.int32)[2:]  # the first two reviews are in no split
    pq.write_table(pa.table({"tokens": words}), tmp_path / "reviews.parquet")
    rng = np.random.default_rng(0)
    padded = rng.integers(1, 9, (len(rows), 3)).astype(np.int32)
    padded[:, 0] = 0
    labels = np.resize([1, 0], len(rows)).astype(np.uint8)
    sequences.write([(padded, labels)], rows, 3, tmp_path / "padded")
    models = {}
    for name in NETWORKS:
        config = small_networks.config(name, num_words=9, maxlen=3, pooling=pooling)
        models[name] = small_networks.build(config)
        (tmp_path / name).mkdir()
        save_network(config, models[name], tmp_path / name)
    settings = Baseline(ngrams=1, min_reviews=1, smoothing=1, inverse_regularization=1)
    trained = baseline.fit(words[:3], np.array([1, 0, 1]), settings)
    (tmp_path / BASELINE).mkdir()
    baseline.save(trained, tmp_path / BASELINE)
    log_odds, measured = predictions.predict_with_all_models(
        tmp_path, tmp_path / "padded", tmp_path / "reviews.parquet"
    )
    assert list(log_odds) == list(measured) == [*NETWORKS, BASELINE]
    for name, model in models.items():
        cost = measured[name]
        assert log_odds[name] == pytest.approx(np.asarray(model(padded))[:, 0], abs=1e-5)
        assert cost["parameters"] == model.count_params()
        _, layer, *_, output = model.layers
        assert cost["recurrent_parameters"] == costs.recurrent_parameters(layer)
        assert cost["multiply_adds"] == costs.multiply_adds(layer, output, ids_read)
    assert log_odds[BASELINE] == pytest.approx(baseline.Classifier(trained)(words[2:]))
    # Of four reviews, three have a known word, and one of them two.
    assert measured[BASELINE] == {"parameters": 3 + 1, "multiply_adds": 1}
