"""Mean measures of a set of runs, and mean differences of two sets that are paired by seed.

The 95% intervals cover new seeds and new groups of test reviews, such as films. All seeds share
their training reviews, except those that each holds out, so the intervals do not cover others.

The network of every seed predicts every review, so seeds and groups are crossed random effects. As
in studies of radiologists, with seeds for readers and reviews for cases, the variance of a mean is
its variance over seeds plus the covariance between seeds over groups (Obuchowski and Rockette,
"Hypothesis Testing of Diagnostic Accuracy for Multiple Readers and Multiple Tests: An ANOVA
Approach with Dependent Observations", 1995). Accuracy, loss and ROC AUC are means of values of
single reviews, so the covariance has a closed form.

Without predictions, the intervals cover new seeds only.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse, special

from birnn.evaluation import intervals
from birnn.evaluation.array_types import Groups, Labels, LogOdds
from birnn.evaluation.metrics import cross_entropies, is_correct


def placement_values(labels: Labels, log_odds: LogOdds) -> NDArray[np.float64]:
    """Return the share of the other class that is ranked on the correct side of each review.

    A tie counts one half. The mean of either class is the area under the ROC curve. The values are
    computed from ranks as in Sun and Xu, "Fast Implementation of DeLong's Algorithm", 2014. Both
    labels occur. The values have the shape of the log-odds, which may be (runs, reviews).
    """
    from scipy.stats import rankdata  # noqa: PLC0415  # takes half a second

    positive, ranks = labels == 1, rankdata(log_odds, axis=-1)
    values = np.empty(log_odds.shape)
    for rows in (positive, ~positive):
        within_class = rankdata(log_odds[..., rows], axis=-1)
        values[..., rows] = (ranks[..., rows] - within_class) / (~rows).sum()
    values[..., ~positive] = 1 - values[..., ~positive]
    return values


# The values of single reviews whose mean is the measure; for ROC AUC, the mean of either class.
REVIEW_VALUES: dict[str, Callable[..., NDArray[Any]]] = {
    "accuracy": is_correct,
    "loss": cross_entropies,
    "roc_auc": placement_values,
}
ROUNDING_ERROR = 1e-12
ALL_EQUAL = "all seeds are equal"  # instead of an interval without width


@dataclass(frozen=True)
class Mean:
    """The mean of a measure over seeds, on all reviews."""

    mean: float
    # Over new seeds and groups; NaN with a single seed or group. For ROC AUC, it is also NaN if all
    # reviews of a class are in one group.
    standard_error: float
    # Lower end of the 95% interval; NaN if the standard error is NaN, or if all seeds are equal.
    low: float
    high: float  # upper end of the interval, or NaN
    seeds: int  # number of seeds


@dataclass(frozen=True)
class Difference(Mean):
    """The mean of a measure for one set of runs minus the mean for another."""

    better: int  # number of seeds for which the first set is better (for the loss, lower)

    @property
    def higher(self) -> int | None:
        """The set with the higher mean, 0 or 1; None if the interval includes 0 or is unknown."""
        return 0 if self.low > 0 else 1 if self.high < 0 else None


def estimate_difference(
    gains: NDArray[np.float64],
    labels: Labels,
    groups: Groups,
    measure: str,
    comparisons: int,
) -> Difference:
    """Return the mean difference of a measure over seeds, given differences of single reviews.

    `gains` are differences of the values in REVIEW_VALUES, shape (seeds, reviews). The intervals of
    several `comparisons` are simultaneous (Bonferroni).

    The quantile is the mean of Student's quantiles for seeds and for groups, weighted by their
    variances (Cochran and Cox, "Experimental Designs", 1957, section 4.14). With three seeds,
    intervals with normal quantiles or Satterthwaite's degrees of freedom miss too often.
    """
    seeds = len(gains)
    # The area under the ROC curve is the mean of either class, the others of all reviews.
    classes = labels if measure == "roc_auc" else np.ones_like(labels)
    by_seed = gains[:, classes == 1].mean(axis=1)
    deviations = _group_deviations(gains - by_seed[:, None], groups, classes)
    error = margin = math.nan
    if seeds > 1 and not np.isnan(deviations).any():
        # The covariance is the mean product of the deviations of two different seeds.
        products = deviations.sum(axis=0) ** 2 - (deviations**2).sum(axis=0)
        covariance = max(0.0, float(products.sum()) / (seeds * (seeds - 1)))
        variances = np.array([by_seed.var(ddof=1) / seeds, covariance])
        error = math.sqrt(variances.sum())
        freedom = [seeds - 1, deviations.shape[1] - 1]
        quantiles = -special.stdtrit(freedom, intervals.tail(comparisons))
        margin = float(quantiles @ variances) / error if error else math.nan
    mean = _with_interval(float(by_seed.mean()), error, margin, seeds)
    return _as_difference(mean, by_seed, measure)


def disagreement(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the share of pairs of runs that predict different classes, shape (reviews,).

    `first` and `second` are predictions with the same seeds, shape (seeds, reviews), of two
    networks, or twice of one. The runs of a pair have different seeds.
    """
    seeds, positive, other = len(first), first.sum(axis=0), second.sum(axis=0)
    differ = positive * (seeds - other) + (seeds - positive) * other - (first != second).sum(axis=0)
    shares: NDArray[np.float64] = differ / (seeds * (seeds - 1))
    return shares


def mean_over_groups(values: NDArray[np.float64], groups: Groups, seeds: int) -> Mean:
    """Return the mean of values of single reviews, with a 95% interval over new groups only."""
    mean = float(values.mean())
    deviations = _group_deviations(values - mean, groups, np.ones(len(values), np.uint8))
    error = math.sqrt((deviations**2).sum())
    quantile = -float(special.stdtrit(len(deviations) - 1, intervals.tail(1)))
    return _with_interval(mean, error, quantile * error, seeds)


def _group_deviations(
    residuals: NDArray[np.float64], groups: Groups, classes: Labels
) -> NDArray[np.float64]:
    """Return how much each group moves a measure, shape (..., groups).

    `residuals` are the values of single reviews minus the measure, shape (..., reviews).
    The sum of their squares is the variance of the measure over groups: for ROC AUC as in
    Obuchowski, "Nonparametric Analysis of Clustered ROC Curve Data", 1997, except for the factor of
    the covariance between the classes, which also approaches 1 with many groups. For groups of one
    review, it is the variance of DeLong, DeLong and Clarke-Pearson, "Comparing the Areas under Two
    or More Correlated Receiver Operating Characteristic Curves", 1988. It is NaN if a class is in
    only one group.
    """
    _, index = np.unique(groups, return_inverse=True)
    weights = np.empty(len(groups))
    for label in np.unique(classes):
        rows = classes == label
        count = len(np.unique(index[rows]))
        weights[rows] = math.sqrt(count / (count - 1)) / rows.sum() if count > 1 else math.nan
    starts = np.arange(len(groups) + 1)
    deviations: NDArray[np.float64] = residuals @ sparse.csr_array((weights, index, starts))
    return deviations


def mean_over_seeds(values: ArrayLike, comparisons: int = 1) -> Mean:
    """Return the mean of a measure, given its value per seed, with an interval over new seeds only.

    The interval is Student's. NaN is the value of a run that lacks the measure.
    """
    by_seed = pd.Series(np.asarray(values, np.float64)).dropna()
    mean, seeds = float(by_seed.mean()), len(by_seed)
    error = float(by_seed.std() / np.sqrt(seeds))  # NaN with a single seed
    quantile = -float(special.stdtrit(seeds - 1, intervals.tail(comparisons)))
    return _with_interval(mean, error, quantile * error, seeds)


def difference_over_seeds(
    first: ArrayLike, second: ArrayLike, measure: str, comparisons: int = 1
) -> Difference:
    """Return the mean difference of a measure, given its value per seed, see `mean_over_seeds`."""
    gains = np.subtract(first, second, dtype=np.float64)
    return _as_difference(mean_over_seeds(gains, comparisons), gains, measure)


def _with_interval(mean: float, error: float, margin: float, seeds: int) -> Mean:
    """Return a mean with its interval, or without one if all seeds are equal."""
    margin = math.nan if error < ROUNDING_ERROR else margin
    return Mean(mean, error, mean - margin, mean + margin, seeds)


def _as_difference(mean: Mean, gains: NDArray[np.float64], measure: str) -> Difference:
    sign = -1 if measure in intervals.LOWER_IS_BETTER else 1
    return Difference(**vars(mean), better=int((sign * gains > ROUNDING_ERROR).sum()))
