"""The correction of the winner's accuracy."""

import numpy as np
import pytest

from birnn_lab.winners_curse import correct_winner

REVIEWS, PER_GROUP, TRIALS = 400, 4, 20
GROUPS = np.repeat(np.arange(REVIEWS // PER_GROUP, dtype=np.int32), PER_GROUP)


@pytest.mark.parametrize("accuracies", [[0.8] * TRIALS, [0.7] * (TRIALS - 1) + [0.95]])
def test_correction_removes_the_luck_of_the_winner(accuracies: list[float]) -> None:
    apparent, corrected, covered = [], [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        # Each trial classifies half of the groups as a whole correctly or incorrectly.
        alone = rng.random((len(accuracies), REVIEWS))
        together = np.repeat(alone[:, ::PER_GROUP], PER_GROUP, axis=1)
        correct = np.where(GROUPS % 2, alone, together) < np.array(accuracies)[:, None]
        winner = correct_winner(correct, GROUPS, reference=0)
        assert winner is not None
        truth = accuracies[int(correct.sum(axis=1).argmax())]
        apparent.append(correct.mean(axis=1).max() - truth)
        corrected.append(winner.accuracy - truth)
        low, high = winner.interval
        covered.append(low <= truth <= high)
    assert abs(np.mean(corrected)) < 0.012
    assert np.mean(covered) >= 0.9
    assert (np.mean(apparent) > 0.03) == (accuracies[0] == accuracies[-1])


def test_gain_over_the_reference() -> None:
    rng = np.random.default_rng(0)
    correct = rng.random((3, REVIEWS)) < np.array([0.6, 0.9, 0.6])[:, None]
    winner = correct_winner(correct, GROUPS, reference=0)
    assert winner == correct_winner(correct, GROUPS, reference=0)
    assert winner is not None
    shares = correct.mean(axis=1)
    assert winner.gain == pytest.approx(shares[1] - shares[0], abs=0.02)
    assert 0.1 < winner.gain_interval[0] < shares[1] - shares[0] < winner.gain_interval[1] < 0.5
    alone = correct_winner(correct[:1], GROUPS, reference=0)
    assert alone is not None
    assert alone.gain == 0
    # Percentiles of the mean over the groups that are left out, a share of 1 / e.
    means = correct[0].reshape(-1, PER_GROUP).mean(axis=1)
    margin = 1.96 * means.std() * np.sqrt((np.e - 1) / len(means))
    assert alone.interval == pytest.approx((shares[0] - margin, shares[0] + margin), abs=0.004)


def test_two_groups_are_resampled_and_one_cannot_be() -> None:
    # The left-out group has a different winner from the drawn one.
    correct = np.array([[True, True, False], [False, False, True]])
    winner = correct_winner(correct, np.array([3, 3, 9], np.int32), reference=0)
    assert winner is not None
    assert (winner.accuracy, winner.interval) == (0, (0, 0))
    assert winner.gain_interval == (-1, 0)
    assert winner.gain == pytest.approx(-0.5, abs=0.05)
    assert correct_winner(np.ones((2, 5), np.bool_), np.zeros(5, np.int32), reference=0) is None
