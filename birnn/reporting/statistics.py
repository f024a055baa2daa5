"""What is said of a network by several seeds: how much of a difference is the seed's.

Where a test asks for a distribution, Student's t: few seeds, and their spread is estimated too.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from birnn.evaluation.intervals import CONFIDENCE, Interval


@dataclass(frozen=True)
class Spread:
    """Values of one measure over seeds.

    Attributes:
        seeds: number of seeds.
        mean: of the values.
        deviation: their standard deviation, None of one seed.
    """

    seeds: int
    mean: float
    deviation: float | None

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of the mean over all seeds, None of one seed."""
        if self.deviation is None:
            return None
        quantile = stats.t.isf((1 - CONFIDENCE) / 2, self.seeds - 1)
        margin = float(quantile) * self.deviation / math.sqrt(self.seeds)
        return self.mean - margin, self.mean + margin


def spread(values: ArrayLike) -> Spread:
    """Return the mean and the spread of values, one a seed, at least one."""
    array = np.asarray(values, np.float64)
    deviation = float(array.std(ddof=1)) if len(array) > 1 else None
    return Spread(len(array), float(array.mean()), deviation)


def noise(deviation: float, seeds: int, comparisons: int = 1) -> float:
    """Return how far two runs that differ by their seed alone may lie apart.

    Of pairs of runs, 95 % stay within it in all of `comparisons` measures (Bonferroni).

    Args:
        deviation: standard deviation of the measure over seeds.
        seeds: number of seeds from which it was estimated, at least 2.
        comparisons: measures that are compared at once.
    """
    tail = (1 - CONFIDENCE) / (2 * comparisons)
    return float(stats.t.isf(tail, seeds - 1)) * math.sqrt(2) * deviation
