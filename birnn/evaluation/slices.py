"""Accuracy on parts of the test reviews: the short and the long, the whole and the truncated."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from birnn.evaluation import intervals

LENGTHS = 10


def by_length(lengths: NDArray[np.int32], right: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Return the accuracy for each tenth of the reviews, from the shortest to the longest.

    Reviews of one length stay together, so that there are fewer slices where many have it.

    Args:
        lengths: words a review, shape (reviews,).
        right: whether the model is, shape (reviews,).

    Returns:
        For each slice its shortest (`shortest`), median (`words`) and longest review (`longest`),
        in words, and what `accuracy` gives.
    """
    ends = -(-np.arange(1, LENGTHS + 1) * len(lengths) // LENGTHS)
    upper_edges = np.unique(np.sort(lengths)[ends - 1])
    slice_index = np.searchsorted(upper_edges, lengths)
    rows = []
    for number in range(len(upper_edges)):
        inside = slice_index == number
        words = lengths[inside]
        extent = {
            "shortest": int(words.min()),
            "words": float(np.median(words)),
            "longest": int(words.max()),
        }
        rows.append(extent | accuracy(right[inside]))
    return rows


def by_truncation(
    lengths: NDArray[np.int32], maxlen: int, right: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """Return the accuracy on reviews of which all words fit into `maxlen` ids, and on the others.

    The first id is the start's, so that there is room for a word less.
    """
    truncated = lengths + 1 > maxlen
    return [
        {"truncated": False} | accuracy(right[~truncated]),
        {"truncated": True} | accuracy(right[truncated]),
    ]


def accuracy(right: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the number of `reviews`, `accuracy` and its 95 % interval, None without reviews."""
    reviews, successes = len(right), int(right.sum())
    low, high = intervals.wilson_interval(successes, reviews) or (None, None)
    share = successes / reviews if reviews else None
    return {"reviews": reviews, "accuracy": share, "low": low, "high": high}
