"""Statistics over seeds: means and intervals.

Intervals use Student's t, since seeds are few and their standard deviation is estimated.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from birnn.evaluation.intervals import Interval, informative, tail


@dataclass(frozen=True)
class Spread:
    """Values of one measure over seeds.

    Attributes:
        seeds: number of seeds.
        mean: mean of the values.
        deviation: standard deviation of the values, None for a single seed.
        comparisons: number of simultaneous intervals that `interval` is one of.
        lowest: lowest possible value if the highest is 1, else -inf.
    """

    seeds: int
    mean: float
    deviation: float | None
    comparisons: int = 1
    lowest: float = -math.inf

    @property
    def interval(self) -> Interval | None:
        """The 95% interval of the mean over all seeds, None if there are too few seeds.

        A single seed has no interval, and the interval of two may cover all possible values.
        """
        if self.deviation is None:
            return None
        quantile = -special.stdtrit(self.seeds - 1, tail(self.comparisons))
        margin = float(quantile) * self.deviation / math.sqrt(self.seeds)
        return informative((self.mean - margin, self.mean + margin), self.lowest)


def spread(values: ArrayLike, comparisons: int = 1, lowest: float = -math.inf) -> Spread:
    """Return the spread of at least one value, one value per seed."""
    array = np.asarray(values, np.float64)
    deviation = float(array.std(ddof=1)) if len(array) > 1 else None
    return Spread(len(array), float(array.mean()), deviation, comparisons, lowest)
