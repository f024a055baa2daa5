"""Log-count ratios: how much more frequent an n-gram is in positive reviews than in negative ones.

Wang and Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic Classification", ACL
2012, equation 1.
"""

from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray


def class_counts(
    present: scipy.sparse.csr_matrix, labels: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how many positive and how many negative reviews contain each n-gram.

    A review whose label is a probability counts as a fraction in both.
    """
    positive = labels.astype(np.float64)
    return present.T @ positive, present.T @ (1 - positive)


def log_count_ratios(
    positive: NDArray[np.float64], negative: NDArray[np.float64], smoothing: float
) -> NDArray[np.float64]:
    """Return the log-count ratios, from the counts of `class_counts`.

    All arrays have the shape (n-grams,).
    """
    p, q = positive + smoothing, negative + smoothing
    ratios: NDArray[np.float64] = np.log((p / p.sum()) / (q / q.sum()))
    return ratios
