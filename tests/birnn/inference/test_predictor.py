"""Predictions for new texts."""

from pathlib import Path

import numpy as np
import pytest

from birnn.core.errors import InputError
from birnn.core.machine import BATCH_SIZE
from birnn.core.paths import MODELS, VOCABULARY
from birnn.inference import predictor
from birnn.networks.registry import NETWORKS
from tests.birnn.predictors import small_predictor, write_project

PREDICTOR = small_predictor()


def test_batches_do_not_change_predictions() -> None:
    texts = ["good", "bad film", "a film"]
    repeats = BATCH_SIZE // len(texts) + 1
    alone = PREDICTOR.predict(texts)
    for name, log_odds in PREDICTOR.predict(texts * repeats).items():
        assert log_odds == pytest.approx(np.tile(alone[name], repeats), abs=1e-6)


def test_loaded_networks_predict_the_same_unless_a_file_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path, PREDICTOR)
    monkeypatch.chdir(tmp_path)
    expected = PREDICTOR.predict(texts := ["A good film.", "bad", ""])
    for name, log_odds in predictor.load_verified([*NETWORKS]).predict(texts).items():
        assert log_odds.tolist() == expected[name].tolist()
    first, *_, last = NETWORKS
    (MODELS / last / "network.json").unlink()
    assert predictor.load_verified([first]).networks.keys() == {first}
    with pytest.raises(InputError, match=f"{last} differs"):
        predictor.load_verified([last])
    with VOCABULARY.open("a") as file:
        file.write("more\n")
    with pytest.raises(InputError, match=r"vocabulary\.txt differs"):
        predictor.load_verified([first])
