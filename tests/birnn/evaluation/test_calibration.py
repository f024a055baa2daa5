"""Calibration against a worked example and scikit-learn."""

from typing import Any

import numpy as np
import pytest
from scipy.special import logit
from sklearn.calibration import calibration_curve

from birnn.evaluation import calibration


def reliability(labels: np.ndarray, probabilities: np.ndarray) -> list[dict[str, Any]]:
    """Return the curve of reviews of different films."""
    return calibration.reliability(
        labels, logit(probabilities), np.arange(len(labels), dtype=np.int32)
    )


def test_worked_example() -> None:
    probabilities = np.array([0.12, 0.18, 0.95, 0.95, 0.95, 0.99], np.float32)
    labels = np.array([0, 1, 1, 1, 1, 0], np.uint8)
    first, second = reliability(labels, probabilities)
    assert first["predicted"] == pytest.approx(0.15)
    assert (first["observed"], first["reviews"]) == (0.5, 2)
    assert second["predicted"] == pytest.approx(0.96)
    assert (second["observed"], second["reviews"]) == (0.75, 4)
    assert second["low"] < 0.75 < second["high"]
    # Two reviews are 0.35 from the diagonal, four are 0.21 from it.
    error = calibration.expected_calibration_error([first, second])
    assert error == pytest.approx((2 * 0.35 + 4 * 0.21) / 6)


def test_reliability_matches_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.random(500).astype(np.float32)
    labels = rng.integers(0, 2, 500).astype(np.uint8)
    observed, predicted = calibration_curve(labels, probabilities, n_bins=10)
    curve = reliability(labels, probabilities)
    assert [row["observed"] for row in curve] == pytest.approx(observed)
    assert [row["predicted"] for row in curve] == pytest.approx(predicted)
    assert sum(row["reviews"] for row in curve) == 500


def test_calibration_error_is_small_only_for_calibrated_models() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.random(20_000).astype(np.float32)
    labels = (rng.random(20_000) < probabilities).astype(np.uint8)
    curve = reliability(labels, probabilities)
    assert calibration.expected_calibration_error(curve) < 0.02
    overconfident = np.clip(probabilities > 0.5, 1e-9, 1 - 1e-9)
    curve = reliability(labels, overconfident)
    assert calibration.expected_calibration_error(curve) == pytest.approx(0.25, abs=0.02)


def test_empty_bins_are_omitted() -> None:
    curve = reliability(np.array([0, 1], np.uint8), np.zeros(2, np.float32))
    assert [row["reviews"] for row in curve] == [2]
    assert calibration.expected_calibration_error(curve) == pytest.approx(0.5)
