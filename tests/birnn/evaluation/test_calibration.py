"""Calibration of a worked example."""

import numpy as np
import pytest
from scipy.special import logit

from birnn.evaluation import calibration, intervals


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
