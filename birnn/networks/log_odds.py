"""Log-odds: their probabilities, the decision threshold, and the mean of several models."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

THRESHOLD = 0.5  # of the probability of the positive class


def boundary(threshold: float = THRESHOLD) -> float:
    """Return the log-odds at the threshold, above which a review is classified as positive."""
    return math.log(threshold / (1 - threshold))


def is_positive(log_odds: NDArray[np.floating], threshold: float = THRESHOLD) -> NDArray[np.bool_]:
    """Return which log-odds are classified as positive."""
    return log_odds > boundary(threshold)


def probability(log_odds: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the probabilities of log-odds, which round to 1 above log-odds of 17."""
    probabilities: NDArray[np.float32] = expit(log_odds.astype(np.float32))
    return probabilities


def combine(log_odds: Sequence[NDArray[np.floating]]) -> NDArray[np.float64]:
    """Return the mean log-odds of several models, shape (reviews,)."""
    mean: NDArray[np.float64] = np.mean(log_odds, axis=0, dtype=np.float64)
    return mean
