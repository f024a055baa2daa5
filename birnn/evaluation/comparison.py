"""Two models on the same reviews: how often each alone is right, and what that shows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from birnn.evaluation import intervals
from birnn.evaluation.intervals import Interval


@dataclass(frozen=True)
class Comparison:
    """What two models did on the same reviews.

    Attributes:
        reviews: number of reviews.
        both: reviews on which both are right.
        first_only: reviews on which the first alone is right.
        second_only: reviews on which the second alone is right.
    """

    reviews: int
    both: int
    first_only: int
    second_only: int

    @property
    def neither(self) -> int:
        """Reviews on which both are wrong."""
        return self.reviews - self.both - self.first_only - self.second_only

    @property
    def agreement(self) -> float:
        """The share of reviews of which both say the same; with two classes, right or wrong."""
        return 1 - (self.first_only + self.second_only) / self.reviews

    @property
    def difference(self) -> float:
        """The accuracy of the first less that of the second."""
        return (self.first_only - self.second_only) / self.reviews

    @property
    def interval(self) -> Interval:
        """The paired 95 % interval of the difference (see `intervals.paired_difference_interval`)."""
        return intervals.paired_difference_interval(self.first_only, self.second_only, self.reviews)

    @property
    def mcnemar_p(self) -> float:
        """The two-sided p-value of McNemar's exact test: 1 where the two never differ.

        McNemar, "Note on the Sampling Error of the Difference between Correlated Proportions or
        Percentages", 1947, with the binomial distribution in place of its approximation.
        """
        discordant = self.first_only + self.second_only
        return float(stats.binomtest(self.first_only, discordant).pvalue) if discordant else 1.0


def compare(first_right: NDArray[np.bool_], second_right: NDArray[np.bool_]) -> Comparison:
    """Compare two models by the reviews on which each is right, shape (reviews,)."""
    return Comparison(
        reviews=len(first_right),
        both=int((first_right & second_right).sum()),
        first_only=int((first_right & ~second_right).sum()),
        second_only=int((second_right & ~first_right).sum()),
    )
