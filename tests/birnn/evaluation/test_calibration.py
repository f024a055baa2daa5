"""Calibration of a worked example, and the fitted temperature."""

import numpy as np
import pytest
from scipy.special import expit, logit

from birnn.evaluation import calibration, intervals, metrics


def test_worked_example() -> None:
    probabilities = np.array([0.101, 0.199, 0.95, 0.95, 0.95, 0.99], np.float32)
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
    assert len(calibration.reliability(labels, logit(np.arange(2, 8) / 11), groups)) == 6
    # Two reviews are 0.35 from the diagonal, four are 0.21 from it.
    error = calibration.expected_calibration_error([first, second])
    assert error == pytest.approx((2 * 0.35 + 4 * 0.21) / 6)


def test_fitted_temperature_minimizes_the_loss() -> None:
    rng = np.random.default_rng(0)
    log_odds = rng.normal(0, 2, 20_000)
    labels = (rng.random(20_000) < expit(log_odds)).astype(np.uint8)
    fitted = calibration.fit_temperature(labels, 4 * log_odds)
    assert fitted == pytest.approx(4, rel=0.05)
    temperatures = (0.99 * fitted, fitted, 1.01 * fitted)
    losses = [metrics.cross_entropies(labels, 4 * log_odds / x).mean() for x in temperatures]
    assert min(losses) == losses[1]


@pytest.mark.parametrize(("sign", "expected"), [(1, 1.0), (-1, 100.0)])
def test_temperature_is_finite_for_extreme_models(sign: int, expected: float) -> None:
    log_odds = sign * np.array([-3.0, 2, -1, 4])  # always right, always wrong
    fitted = calibration.fit_temperature(np.array([0, 1, 0, 1], np.uint8), log_odds)
    assert fitted == pytest.approx(expected, rel=0.001)
