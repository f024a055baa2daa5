"""Paired comparison of two models on the same reviews."""

from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix

from birnn.evaluation import intervals
from birnn.evaluation.array_types import Correct, Groups


def compare(
    first_correct: Correct, second_correct: Correct, groups: Groups, comparisons: int = 1
) -> dict[str, Any]:
    """Compare two models, given which reviews each classifies correctly.

    The result has the difference of accuracies, first minus second, with its 95% interval; the
    `disagreement`, which is the share of reviews with different predictions; and `contingency`,
    numbers of reviews: the first row has those that the first model classifies correctly, the first
    column those that the second classifies correctly.

    The interval uses effective numbers of reviews, divided by the design effect of the difference
    (see `intervals.design_effect`). `comparisons` is the number of pairs of models that are
    compared at once (see `intervals`).
    """
    reviews = len(first_correct)
    differences = first_correct.astype(np.int64) - second_correct
    effect = intervals.design_effect(differences - differences.mean(), groups, comparisons)
    contingency = confusion_matrix(first_correct, second_correct, labels=[True, False]).tolist()
    (_, first_only), (second_only, _) = contingency
    low, high = intervals.paired_difference_interval(
        first_only / effect, second_only / effect, reviews / effect, comparisons
    )
    return {
        "accuracy_difference": (first_only - second_only) / reviews,
        "difference_low": low,
        "difference_high": high,
        "disagreement": (first_only + second_only) / reviews,
        "contingency": contingency,
    }
