"""The threshold; tests/birnn/evaluation/test_ensembles.py checks the combination of models."""

import numpy as np
import pytest

from birnn.networks import decision


def test_probabilities_above_one_half_are_positive() -> None:
    log_odds = np.array([-3, -0.01, 0, 0.01, 3], np.float32)
    positive = [False, False, False, True, True]
    assert decision.is_positive(log_odds).tolist() == positive
    assert (decision.probability(log_odds) > 0.5).tolist() == positive
    assert decision.probability(np.log([3.0, 1.0])).tolist() == pytest.approx([0.75, 0.5])
