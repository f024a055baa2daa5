"""The correction of the winner's accuracy."""

import numpy as np
import pytest

from birnn.experiments.selection import correct_winner

REVIEWS, PER_GROUP, TRIALS = 400, 4, 20
GROUPS = np.repeat(np.arange(REVIEWS // PER_GROUP, dtype=np.int32), PER_GROUP)


def simulate(accuracies: list[float], repetitions: int = 40) -> tuple[float, float, float]:
    """Return the mean accuracy of the winner, its mean correction, and the share of covered ends.

    The reviews of a group are alike: each trial is right or wrong on half of the groups as a whole.
    """
    apparent, corrected, covered = [], [], []
    for seed in range(repetitions):
        rng = np.random.default_rng(seed)
        alone = rng.random((len(accuracies), REVIEWS))
        together = np.repeat(alone[:, ::PER_GROUP], PER_GROUP, axis=1)
        uniform = np.where(GROUPS % 2, alone, together)
        correct = uniform < np.array(accuracies)[:, None]
        winner = correct_winner(correct, GROUPS, seed=seed)
        assert winner is not None
        truth = accuracies[int(correct.sum(axis=1).argmax())]
        apparent.append(correct.mean(axis=1).max() - truth)
        corrected.append(winner.accuracy - truth)
        low, high = winner.interval
        covered.append(low <= truth <= high)
    return float(np.mean(apparent)), float(np.mean(corrected)), float(np.mean(covered))


@pytest.mark.parametrize("accuracies", [[0.8] * TRIALS, [0.7] * (TRIALS - 1) + [0.95]])
def test_correction_removes_the_luck_of_the_winner(accuracies: list[float]) -> None:
    apparent, corrected, covered = simulate(accuracies)
    assert abs(corrected) < 0.012
    assert covered >= 0.9
    if accuracies[0] == accuracies[-1]:
        assert apparent > 0.03
    else:
        assert abs(apparent) < 0.012


def test_gain_over_the_reference() -> None:
    rng = np.random.default_rng(0)
    correct = rng.random((3, REVIEWS)) < np.array([0.6, 0.9, 0.6])[:, None]
    winner = correct_winner(correct, GROUPS, reference=0)
    assert winner is not None
    shares = correct.mean(axis=1)
    assert winner.gain == pytest.approx(shares[1] - shares[0], abs=0.02)
    assert winner.gain_interval is not None
    assert winner.gain_interval[0] > 0.1
    again = correct_winner(correct, GROUPS, reference=0)
    assert again == winner
    alone = correct_winner(correct[:1], GROUPS, reference=0)
    assert alone is not None
    assert alone.gain == 0


def test_one_group_cannot_be_resampled() -> None:
    assert correct_winner(np.ones((2, 5), np.bool_), np.zeros(5, np.int32)) is None
