"""95% intervals of metrics measured on a sample of reviews.

They show how the scores of the same trained models would vary between samples of reviews. They do
not show how scores vary between training seeds.

Intervals for several `comparisons` are simultaneous: with a probability of at least 95%, all of
them cover (Bonferroni's inequality; Dunn, "Multiple Comparisons among Means", 1961).
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from birnn.evaluation.array_types import Groups

CONFIDENCE = 0.95

LOWER_IS_BETTER = {"loss", "loss_scaled", "brier", "ece", "ece_scaled"}  # measures

Interval = tuple[float, float]


def tail(comparisons: int) -> float:
    """Return the probability on each side outside one of several simultaneous intervals."""
    return (1 - CONFIDENCE) / (2 * comparisons)


def score_interval(share: float, trials: float) -> Interval:
    """Return Wilson's score interval of a proportion, from an effective number of trials.

    Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927.
    """
    squared = float(special.ndtri(tail(1))) ** 2
    center = trials * share + squared / 2
    margin = math.sqrt(squared * (trials * share * (1 - share) + squared / 4))
    total = trials + squared
    return (center - margin) / total, (center + margin) / total


def proportion_interval(successes: NDArray[np.bool_], groups: Groups) -> Interval:
    """Return the interval of the share of successes, of one review or more.

    Wilson's interval of an effective number of reviews: their number divided by the design effect
    (Rao and Scott, "A Simple Method for the Analysis of Clustered Binary Data", 1992).
    """
    share = float(successes.mean())
    return score_interval(share, len(successes) / design_effect(successes - share, groups))


def design_effect(residuals: NDArray[np.floating], groups: Groups, comparisons: int = 1) -> float:
    """Return the factor by which the likeness of grouped reviews raises the variance of a mean.

    `residuals` are the values of reviews minus their mean, shape (reviews,).

    The result is at least 1, because reviews of one group are hardly less alike than reviews of
    several groups: a smaller estimate is due to chance. It includes the uncertainty of a variance
    that is estimated from few groups (Korn and Graubard, "Confidence Intervals for Proportions with
    Small Expected Number of Positive Counts Estimated from Survey Data", 1998). If all values are
    equal, they do not show how alike the reviews of a group are. Then a group counts as one review,
    up to differences in size (Kish, "Survey Sampling", 1965).
    """
    _, index, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    reviews, count = len(groups), len(sizes)
    if count == reviews:
        return 1.0
    squares = float((residuals**2).sum())
    if count == 1 or squares == 0:
        return float((sizes**2).sum()) / reviews
    group_squares = float((np.bincount(index, residuals) ** 2).sum())
    effect = (group_squares * count / (count - 1)) / (squares * reviews / (reviews - 1))
    by_group, by_review = -special.stdtrit([count - 1, reviews - 1], tail(comparisons))
    return min(float(reviews), max(1.0, effect) * float(by_group / by_review) ** 2)


def paired_difference_interval(
    first_only: float, second_only: float, reviews: float, comparisons: int = 1
) -> Interval:
    """Return the interval of the difference of two proportions measured on the same reviews.

    Bonett and Price, "Adjusted Wald Confidence Interval for a Difference of Binomial Proportions
    Based on Paired Data", 2012; recommended by Fagerland, Lydersen and Laake, "Recommended Tests
    and Confidence Intervals for Paired Binomial Proportions", 2014. The interval has a
    positive width even if the two never differ. The counts may be effective counts, divided by a
    design effect.

    `first_only` and `second_only` are the numbers of reviews on which only one succeeds.
    """
    first, second = (first_only + 1) / (reviews + 2), (second_only + 1) / (reviews + 2)
    difference = first - second
    quantile = -float(special.ndtri(tail(comparisons)))
    margin = quantile * math.sqrt((first + second - difference**2) / (reviews + 2))
    return max(-1.0, difference - margin), min(1.0, difference + margin)
