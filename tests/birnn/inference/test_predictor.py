"""Predictions for new texts."""

from pathlib import Path

import pytest

from birnn.core.errors import InputError
from birnn.core.paths import MODELS, VOCABULARY
from birnn.inference import predictor
from birnn.networks.registry import NETWORKS
from tests.birnn.predictors import small_predictor, write_project

PREDICTOR = small_predictor()


def test_loaded_networks_predict_the_same_unless_a_file_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path, PREDICTOR)
    monkeypatch.chdir(tmp_path)
    expected = PREDICTOR.predict(texts := ["A good film.", "bad", ""]).by_model
    for name, log_odds in predictor.load_verified().predict(texts).by_model.items():
        assert log_odds.tolist() == expected[name].tolist()
    first, *_, last = NETWORKS
    (MODELS / last / "network.json").unlink()
    assert predictor.load_verified(first).models.keys() == {first}
    with pytest.raises(InputError, match=f"{last} differs"):
        predictor.load_verified(last)
    with VOCABULARY.open("a") as file:
        file.write("more\n")
    with pytest.raises(InputError, match=r"vocabulary\.txt differs"):
        predictor.load_verified(first)
