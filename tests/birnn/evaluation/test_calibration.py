"""Calibration against a worked example and scikit-learn."""

import numpy as np
import pytest
from scipy.special import logit
from sklearn.calibration import calibration_curve

from birnn.evaluation import calibration, intervals


def test_worked_example() -> None:
    probabilities = np.array([0.12, 0.18, 0.95, 0.95, 0.95, 0.99], np.float32)
    labels = np.array([0, 1, 1, 1, 1, 0], np.uint8)
    # The last four reviews are of two films.
    groups = np.array([0, 1, 2, 2, 3, 3], np.int32)
    first, second = calibration.reliability(labels, logit(probabilities), groups)
    assert first["predicted"] == pytest.approx(0.15)
    assert (first["observed"], first["reviews"]) == (0.5, 2)
    assert second["predicted"] == pytest.approx(0.96)
    assert (second["observed"], second["reviews"]) == (0.75, 4)
    interval = intervals.proportion_interval(labels[2:] == 1, groups[2:])
    assert (second["low"], second["high"]) == interval
    # Two reviews are 0.35 from the diagonal, four are 0.21 from it.
    error = calibration.expected_calibration_error([first, second])
    assert error == pytest.approx((2 * 0.35 + 4 * 0.21) / 6)


def test_reliability_matches_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.random(500).astype(np.float32)
    labels = rng.integers(0, 2, 500).astype(np.uint8)
    observed, predicted = calibration_curve(labels, probabilities, n_bins=10)
    curve = calibration.reliability(labels, logit(probabilities), np.arange(500, dtype=np.int32))
    assert [row["observed"] for row in curve] == pytest.approx(observed)
    assert [row["predicted"] for row in curve] == pytest.approx(predicted)
    assert sum(row["reviews"] for row in curve) == 500
