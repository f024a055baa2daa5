"""By how much the best of several trials overestimates its accuracy (the winner's curse).

Tsamardinos, Greasidou and Borboudakis, "Bootstrapping the out-of-sample predictions for efficient
and accurate cross-validation", 2018: the bootstrap bias correction. The whole choice is repeated on
resampled reviews, and each winner is scored on the reviews that were not drawn. Here the groups of
reviews, such as films, are drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from birnn.evaluation.array_types import Groups
from birnn.evaluation.intervals import Interval, tail

RESAMPLES = 2000


@dataclass(frozen=True)
class Winner:
    """The best of several trials: its corrected accuracy and gain, with 95% intervals.

    The gain is the difference from the accuracy of the reference trial.
    """

    accuracy: float
    interval: Interval
    gain: float
    gain_interval: Interval


def correct_winner(correct: NDArray[np.bool_], groups: Groups, reference: int) -> Winner | None:
    """Return the corrected accuracy of the trial that is best on all reviews; None for one group.

    `correct` has which reviews each trial classifies correctly, shape (trials, reviews). The winner
    is compared with the trial at index `reference`.

    It is the mean accuracy of the winners of the resamples, which is somewhat too low if the best
    trial is only just better than the others. The intervals are percentiles; they are wider than
    for a trial that was fixed in advance, since they include the choice.
    """
    _, index, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    count = len(sizes)
    if count == 1:
        return None
    hits = np.array([np.bincount(index, trial, count) for trial in correct])
    rng, accuracies, gains = np.random.default_rng(0), [], []
    # One by one: all draws of a large corpus take gigabytes.
    for _ in range(RESAMPLES):
        drawn = rng.multinomial(count, np.full(count, 1 / count))
        left = drawn == 0
        if left.any():
            scores = hits @ left / (sizes @ left)
            winner = np.argmax(hits @ drawn)  # in a tie, the first trial
            accuracies.append(scores[winner])
            gains.append(scores[winner] - scores[reference])
    mean, gain = float(np.mean(accuracies)), float(np.mean(gains))
    return Winner(mean, _percentiles(accuracies), gain, _percentiles(gains))


def _percentiles(values: Sequence[float]) -> Interval:
    low, high = np.quantile(values, (tail(1), 1 - tail(1)))
    return float(low), float(high)
