"""The decision threshold, and the combination of several models' probabilities."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

CLASSES = ("negative", "positive")  # the labels 0 and 1
THRESHOLD = 0.5

RESOLUTION = 6e-8  # about the spacing of float32 just below 1


def is_positive(probabilities: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return which probabilities are above the threshold."""
    return probabilities > THRESHOLD


def predicted_class(probability: float) -> str:
    """Return the name of the predicted class."""
    return CLASSES[int(probability > THRESHOLD)]


def log_odds(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the log-odds of probabilities, shape (reviews,), clipped to finite values."""
    odds: NDArray[np.float64] = logit(
        np.clip(probabilities.astype(np.float64), RESOLUTION, 1 - RESOLUTION)
    )
    return odds


def mean_log_odds(probabilities: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Return the mean log-odds of several models, shape (reviews,)."""
    mean: NDArray[np.float64] = np.mean([log_odds(p) for p in probabilities], axis=0)
    return mean


def combine(probabilities: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the probability at the mean log-odds of several models, shape (reviews,).

    The probabilities of a single model are returned unchanged.
    """
    if len(probabilities) == 1:
        return probabilities[0]
    combined: NDArray[np.float32] = expit(mean_log_odds(probabilities)).astype(np.float32)
    return combined
