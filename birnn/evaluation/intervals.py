"""95% intervals of metrics measured on a sample of reviews.

They show how the scores of the same trained models would vary between samples of reviews. They do
not show how scores vary between training seeds.

Intervals for several `comparisons` are simultaneous: with a probability of at least 95%, all of
them cover (Bonferroni's inequality; Dunn, "Multiple Comparisons among Means", 1961).
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

CONFIDENCE = 0.95
NO_DIFFERENCE = "no difference is shown"

Interval = tuple[float, float]


def tail(comparisons: int) -> float:
    """Return the probability on each side outside one of several simultaneous intervals."""
    return (1 - CONFIDENCE) / (2 * comparisons)


def wilson_interval(successes: int, trials: int) -> Interval | None:
    """Return Wilson's score interval of a proportion, or None if there are no trials.

    Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927.
    """
    if trials == 0:
        return None
    interval = stats.binomtest(successes, trials).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def auc_interval(labels: NDArray[np.uint8], log_odds: NDArray[np.floating]) -> Interval | None:
    """Return the interval of the area under the ROC curve, clipped to [0, 1].

    DeLong, DeLong and Clarke-Pearson, "Comparing the Areas under Two or More Correlated Receiver
    Operating Characteristic Curves", 1988; computed from ranks as in Sun and Xu, "Fast
    Implementation of DeLong's Algorithm", 2014.

    Args:
        labels: shape (reviews,), 1 positive, 0 negative; both occur.
        log_odds: of the positive class, shape (reviews,).

    Returns:
        The interval, or None if the variance cannot be estimated: a class has only one review, or
        the estimate is 0. The estimate is 0 if the log-odds separate the classes perfectly, or if
        all are equal.
    """
    positive = labels == 1
    positives, negatives = int(positive.sum()), int((~positive).sum())
    if 1 in (positives, negatives):
        return None
    ranks = stats.rankdata(log_odds)
    below_positive = (ranks[positive] - stats.rankdata(log_odds[positive])) / negatives
    above_negative = 1 - (ranks[~positive] - stats.rankdata(log_odds[~positive])) / positives
    variance = below_positive.var(ddof=1) / positives + above_negative.var(ddof=1) / negatives
    if variance == 0:
        return None
    area, margin = float(below_positive.mean()), stats.norm.isf(tail(1)) * math.sqrt(variance)
    return max(0.0, area - margin), min(1.0, area + margin)


def paired_difference_interval(
    first_only: int, second_only: int, pairs: int, comparisons: int = 1
) -> Interval:
    """Return the interval of the difference of two proportions measured on the same reviews.

    Bonett and Price, "Adjusted Wald Confidence Interval for a Difference of Binomial Proportions
    Based on Paired Data", 2012; recommended by Fagerland, Lydersen and Laake, "Recommended Tests
    and Confidence Intervals for Paired Binomial Proportions", 2014. The interval has a
    positive width even if the two never differ.

    Args:
        first_only: reviews on which only the first succeeds.
        second_only: reviews on which only the second succeeds.
        pairs: number of reviews.
        comparisons: number of simultaneous intervals.
    """
    first, second = (first_only + 1) / (pairs + 2), (second_only + 1) / (pairs + 2)
    difference = first - second
    quantile = float(stats.norm.isf(tail(comparisons)))
    margin = quantile * math.sqrt((first + second - difference**2) / (pairs + 2))
    return max(-1.0, difference - margin), min(1.0, difference + margin)


def verdict(low: float, high: float, first: str, second: str) -> str:
    """Interpret the interval of the difference `first` minus `second`.

    An undefined interval (NaN) shows no difference.
    """
    if low > 0:
        return f"the {first} is better"
    if high < 0:
        return f"the {second} is better"
    return NO_DIFFERENCE


def overall_verdict(verdicts: Sequence[str]) -> str:
    """Return the verdict that all pairs share, or the number of pairs with a better network.

    Without pairs, nothing is compared.
    """
    if len(set(verdicts)) == 1:
        return verdicts[0]
    if not verdicts:
        return "a single network is not compared"
    better = sum(verdict != NO_DIFFERENCE for verdict in verdicts)
    return f"one network is better in {better} of {len(verdicts)} pairs"
