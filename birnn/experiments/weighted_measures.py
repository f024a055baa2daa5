"""Measures of one trained network on resamples of the test reviews."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from birnn.evaluation.metrics import cross_entropies, is_correct

MEASURES = ("accuracy", "loss", "average_precision", "roc_auc")


def measure_resamples(
    labels: NDArray[np.uint8],
    groups: NDArray[np.int32],
    logits: NDArray[np.float32],
    weights: NDArray[np.uint8],
) -> NDArray[np.float64]:
    """Return each measure for each row of weights, float64, shape (measures, rows).

    Equal logits share a threshold, as in scikit-learn. Average precision and ROC AUC are NaN if
    only one class has a positive weight.

    Args:
        labels: shape (reviews,), 1 positive, 0 negative.
        groups: number of the group of each review, from 0, shape (reviews,).
        logits: predicted log-odds, shape (reviews,).
        weights: how often each group occurs, shape (rows, groups); some review occurs.

    Returns:
        Accuracy, loss (mean binary cross-entropy, in nats), average precision and ROC AUC.
    """
    order = np.argsort(-logits, kind="stable")
    falling, positive = logits[order], labels[order] == 1
    is_last = np.append(falling[1:] != falling[:-1], [True])
    correct = is_correct(labels[order], falling)
    losses = cross_entropies(labels[order], falling)
    reviews = (groups[order], positive, is_last, correct, losses)
    measured: NDArray[np.float64] = _compiled()(reviews, weights)
    return measured


def _measure_sorted(reviews: tuple[Any, ...], weights: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Measure reviews, sorted by falling logits; `is_last` marks the last of equal logits."""
    groups, positive, is_last, correct, losses = reviews
    measured = np.empty((4, len(weights)))
    for row in range(len(weights)):
        hits, positives, negatives = 0, 0, 0
        positives_above, negatives_above = 0, 0
        loss, precision, area = 0.0, 0.0, 0.0
        for review in range(len(groups)):
            weight = int(weights[row, groups[review]])
            if positive[review]:
                positives += weight
            else:
                negatives += weight
            hits += weight * correct[review]
            loss += weight * losses[review]
            if is_last[review]:
                gained = positives - positives_above
                if gained:
                    precision += gained * (positives / (positives + negatives))
                area += (negatives - negatives_above) * (positives + positives_above) / 2
                positives_above, negatives_above = positives, negatives
        both = positives > 0 and negatives > 0
        measured[0, row] = hits / (positives + negatives)
        measured[1, row] = loss / (positives + negatives)
        measured[2, row] = precision / positives if both else np.nan
        measured[3, row] = area / (positives * negatives) if both else np.nan
    return measured


@cache
def _compiled() -> Any:
    """Compile `_measure_sorted` for one thread, so that results do not depend on the cores."""
    # Most commands need neither the function nor Numba.
    from numba import njit  # noqa: PLC0415

    return njit(nogil=True)(_measure_sorted)
