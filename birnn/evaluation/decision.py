"""From the probabilities of several models to one, and from a probability to a class."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

CLASSES = ("negative", "positive")  # the labels 0 and 1
THRESHOLD = 0.5

RESOLUTION = 6e-8  # float32 has no number between 1 - RESOLUTION and 1


def is_positive(probabilities: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return which probabilities are above the threshold."""
    return probabilities > THRESHOLD


def predicted_class(probability: float) -> str:
    """Return the name of the class that a probability predicts."""
    return CLASSES[int(probability > THRESHOLD)]


def log_odds(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the log-odds of probabilities, shape (reviews,), clipped so that all are finite."""
    odds: NDArray[np.float64] = logit(
        np.clip(probabilities.astype(np.float64), RESOLUTION, 1 - RESOLUTION)
    )
    return odds


def mean_log_odds(probabilities: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Return the mean log-odds of several models, shape (reviews,)."""
    mean: NDArray[np.float64] = np.mean([log_odds(each) for each in probabilities], axis=0)
    return mean


def combine(probabilities: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the probability at the mean log-odds of several models, shape (reviews,).

    The probability of a single model stays as it is.
    """
    if len(probabilities) == 1:
        return probabilities[0]
    combined: NDArray[np.float32] = expit(mean_log_odds(probabilities)).astype(np.float32)
    return combined
