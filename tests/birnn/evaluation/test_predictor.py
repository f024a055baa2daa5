"""Loading models, and predicting splits; tests/birnn_apps/test_commands.py predicts new texts."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from birnn.baseline import baseline
from birnn.baseline.settings import BaselineSettings
from birnn.evaluation.baseline_model import BaselineModel
from birnn.evaluation.model_names import BASELINE
from birnn.evaluation.predictor import Predictor
from birnn.networks.definition import Pooling
from birnn.reviews import sequences
from tests.birnn.predictors import IDS, small_predictor


@pytest.mark.parametrize(("pooling", "ids_read"), [("last", 3), ("max_mean", 2)])
def test_all_models_predict_a_split(tmp_path: Path, pooling: Pooling, ids_read: int) -> None:
    words = [["good"], ["bad"], ["good", "film"], ["unknown"]] * 2
    rows = np.arange(len(words), dtype=np.int32)[2:]  # the first two reviews are in no split
    pq.write_table(pa.table({"tokens": words}), tmp_path / "reviews.parquet")
    rng = np.random.default_rng(0)
    padded = rng.integers(1, IDS, (len(rows), 3)).astype(np.int32)
    padded[:, 0] = 0
    labels = np.resize([1, 0], len(rows)).astype(np.uint8)
    sequences.write([(padded, labels)], rows, 3, tmp_path / "padded")
    values = {"ngrams": 1, "min_reviews": 1, "smoothing": 1, "inverse_regularization": 1}
    settings = BaselineSettings.model_validate(values | {"weighting": "naive-bayes"})
    trained = baseline.fit(words[:3], np.array([1, 0, 1]), settings)
    networks = small_predictor(3, pooling=pooling)
    models = Predictor(networks.models | {BASELINE: BaselineModel(trained)})
    log_odds, measured = models.predict_split(tmp_path / "padded", tmp_path / "reviews.parquet")
    assert list(log_odds) == list(measured) == [*models.models]
    for name, model in networks.models.items():
        assert log_odds[name] == pytest.approx(np.asarray(model.network(padded))[:, 0], abs=1e-5)
        assert measured[name] == model.cost(ids_read)
        assert measured[name]["parameters"] == model.network.count_params()
    assert log_odds[BASELINE] == pytest.approx(trained.predict(words[2:])[0])
    # Of four reviews, three have a known word, and one of them two.
    assert measured[BASELINE] == {"parameters": 3 + 1, "multiply_adds": 1}
