"""Paired comparison of two models on the same reviews, with McNemar's exact test."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from birnn.evaluation import intervals
from birnn.evaluation.intervals import Interval


@dataclass(frozen=True)
class Comparison:
    """Counts of the reviews that two models classify correctly.

    Attributes:
        reviews: number of reviews.
        both: reviews that both models classify correctly.
        first_only: reviews that only the first model classifies correctly.
        second_only: reviews that only the second model classifies correctly.
        comparisons: number of pairs that are compared at once (see `intervals`).
    """

    reviews: int
    both: int
    first_only: int
    second_only: int
    comparisons: int = 1

    @property
    def neither(self) -> int:
        """Reviews that both models misclassify."""
        return self.reviews - self.both - self.first_only - self.second_only

    @property
    def agreement(self) -> float:
        """The share of reviews for which both models predict the same class, correct or not."""
        return 1 - (self.first_only + self.second_only) / self.reviews

    @property
    def difference(self) -> float:
        """The accuracy of the first model minus the accuracy of the second."""
        return (self.first_only - self.second_only) / self.reviews

    @property
    def interval(self) -> Interval:
        """The 95% interval of the difference (see `intervals.paired_difference_interval`)."""
        return intervals.paired_difference_interval(
            self.first_only, self.second_only, self.reviews, self.comparisons
        )

    @property
    def mcnemar_p(self) -> float:
        """The two-sided p-value of McNemar's exact test, 1 if the models never differ.

        McNemar, "Note on the Sampling Error of the Difference between Correlated Proportions or
        Percentages", 1947, with the exact binomial distribution instead of an approximation. For
        several comparisons, it is multiplied by their number (Dunn 1961).
        """
        discordant = self.first_only + self.second_only
        if not discordant:
            return 1.0
        p = float(stats.binomtest(self.first_only, discordant).pvalue)
        return min(1.0, self.comparisons * p)


def compare(
    first_correct: NDArray[np.bool_], second_correct: NDArray[np.bool_], comparisons: int = 1
) -> Comparison:
    """Compare two models, given which reviews each classifies correctly, shape (reviews,)."""
    return Comparison(
        reviews=len(first_correct),
        both=int((first_correct & second_correct).sum()),
        first_only=int((first_correct & ~second_correct).sum()),
        second_only=int((second_correct & ~first_correct).sum()),
        comparisons=comparisons,
    )
