"""Paired comparison of two models on the same reviews, with McNemar's exact test."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import confusion_matrix

from birnn.evaluation import intervals
from birnn.evaluation.array_types import Correct, Groups


def compare(
    first_correct: Correct, second_correct: Correct, groups: Groups, comparisons: int = 1
) -> dict[str, Any]:
    """Compare two models, given which reviews each classifies correctly.

    The result has the share of reviews with the same predicted class (`agreement`), the difference
    of accuracies, first minus second, with its 95% interval, the p-value of McNemar's test, and
    `contingency`, numbers of reviews: the first row has those that the first model classifies
    correctly, the first column those that the second classifies correctly.

    The interval uses effective numbers of reviews, divided by the design effect of the difference
    (see `intervals.design_effect`). `comparisons` is the number of pairs of models that are
    compared at once (see `intervals`). The p-value is multiplied by it (Dunn 1961).
    """
    reviews = len(first_correct)
    differences = first_correct.astype(np.int64) - second_correct
    effect = intervals.design_effect(differences - differences.mean(), groups, comparisons)
    contingency = confusion_matrix(first_correct, second_correct, labels=[True, False]).tolist()
    (_, first_only), (second_only, _) = contingency
    group_differences = pd.Series(differences).groupby(groups).sum().to_numpy()
    low, high = intervals.paired_difference_interval(
        first_only / effect, second_only / effect, reviews / effect, comparisons
    )
    return {
        "agreement": 1 - (first_only + second_only) / reviews,
        "accuracy_difference": (first_only - second_only) / reviews,
        "difference_low": low,
        "difference_high": high,
        "contingency": contingency,
        "mcnemar_p": min(1.0, comparisons * mcnemar_p(group_differences)),
    }


def mcnemar_p(differences: NDArray[np.int64]) -> float:
    """Return the two-sided p-value of McNemar's exact test, 1 if the models never differ.

    Equally good models could swap their predictions on all reviews of a group, so the sign of each
    group's difference is random (Fisher, "The Design of Experiments", 1935, section 21). If each
    group has one review, this is the exact binomial version of the test of McNemar, "Note on the
    Sampling Error of the Difference between Correlated Proportions or Percentages", 1947.

    `differences` has, for each group, the number of reviews that only the first model classifies
    correctly, minus the number that only the second classifies correctly.
    """
    sizes = np.abs(differences)
    singles = np.count_nonzero(sizes == 1)
    # The probability of each sum, from the smallest to the largest possible sum. The sums of
    # single reviews are all even or all odd.
    probabilities = np.zeros(2 * singles + 1)
    probabilities[::2] = stats.binom.pmf(np.arange(singles + 1), singles, 0.5)
    for size in sizes[sizes > 1]:
        signs = np.zeros(2 * size + 1)
        signs[[0, -1]] = 0.5
        probabilities = np.convolve(probabilities, signs)
    largest = len(probabilities) // 2
    sums = np.abs(np.arange(-largest, largest + 1))
    return min(1.0, float(probabilities[sums >= abs(differences.sum())].sum()))
