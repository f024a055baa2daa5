"""Predictions of a study that are stored in git."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from birnn.core.errors import InputError
from birnn.experiments import seed_predictions, studies
from birnn.experiments.seed_predictions import SeedPredictions
from tests.birnn import samples


def predictions(seeds: int = 4) -> SeedPredictions:
    tables = [pd.DataFrame(samples.predictions(seed=seed)) for seed in range(seeds)]
    return seed_predictions.collect(tables)


def test_round_trip(tmp_path: Path) -> None:
    original = predictions()
    seed_predictions.write(original, tmp_path)
    stored = seed_predictions.read(tmp_path)
    assert stored is not None
    assert stored.labels.tolist() == original.labels.tolist()
    assert stored.groups.tolist() == original.groups.tolist()
    assert list(stored.logits) == ["bilstm", "bigru"]
    for name, logits in original.logits.items():
        assert stored.logits[name].shape == logits.shape == (4, 400)
        assert (np.sign(stored.logits[name]) == np.sign(logits)).all()
        assert np.abs(stored.logits[name] - logits).max() < 0.05
    errors = seed_predictions.quantization_errors(original)
    assert errors["accuracy"] == 0
    assert max(errors.values()) < 0.01


def test_folder_without_predictions(tmp_path: Path) -> None:
    assert seed_predictions.read(tmp_path) is None
    with pytest.raises(InputError, match="has no predictions"):
        studies.compare(tmp_path)


def test_comparison_can_be_computed_again_from_the_folder(tmp_path: Path) -> None:
    seed_predictions.write(predictions(), tmp_path)
    studies.compare(tmp_path)
    first = (tmp_path / "comparison.csv").read_bytes()
    studies.compare(tmp_path)
    assert (tmp_path / "comparison.csv").read_bytes() == first
    table = pd.read_csv(tmp_path / "comparison.csv").set_index(["measure", "model"])
    runs = predictions().logits["bilstm"]
    accuracies = [((run > 0) == predictions().labels).mean() for run in runs]
    assert table.loc[("accuracy", "bilstm"), "mean"] == pytest.approx(np.mean(accuracies), abs=1e-5)
    pair = table.loc[("accuracy", "bilstm_minus_bigru")]
    assert pair["simultaneous_low"] <= pair["low"] < pair["mean"] < pair["high"]
