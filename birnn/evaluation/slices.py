"""Accuracy on slices of the test reviews, by length, truncation and overlap with training."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from birnn.evaluation import intervals
from birnn.evaluation.array_types import Correct, Groups

LENGTH_SLICES = 10
FEWEST = 30  # reviews of a slice; the accuracy of fewer is mostly noise


def by_length(lengths: NDArray[np.int32], correct: Correct, groups: Groups) -> list[dict[str, Any]]:
    """Return the accuracy for each tenth of the reviews, from the shortest to the longest.

    There are fewer slices if one would have fewer than FEWEST reviews, or if many lengths are
    equal, because reviews of equal length share a slice. A row has the words of the shortest
    (`shortest`), median (`words`) and longest review (`longest`), and the result of `accuracy`.
    """
    for count in range(LENGTH_SLICES, 0, -1):
        ends = -(-np.arange(1, count + 1) * len(lengths) // count)
        upper_edges = np.unique(np.sort(lengths)[ends - 1])
        slice_index = np.searchsorted(upper_edges, lengths)
        if np.bincount(slice_index).min() >= FEWEST:
            break
    rows = []
    for number in range(len(upper_edges)):
        in_slice = slice_index == number
        words = lengths[in_slice]
        extent = {
            "shortest": int(words.min()),
            "words": float(np.median(words)),
            "longest": int(words.max()),
        }
        rows.append(extent | accuracy(correct[in_slice], groups[in_slice]))
    return rows


def by_property(
    name: str, has: NDArray[np.bool_], correct: Correct, groups: Groups
) -> list[dict[str, Any]]:
    """Return the accuracy on the reviews without, then with the named property."""
    return [
        {name: present} | accuracy(correct[has == present], groups[has == present])
        for present in (False, True)
    ]


def accuracy(correct: Correct, groups: Groups) -> dict[str, Any]:
    """Return the number of `reviews`, and their `accuracy` with its 95% interval.

    The accuracy and its interval are None if there are fewer than FEWEST reviews.
    """
    reviews, enough = len(correct), len(correct) >= FEWEST
    low, high = (enough and intervals.proportion_interval(correct, groups)) or (None, None)
    share = int(correct.sum()) / reviews if enough else None
    return {"reviews": reviews, "accuracy": share, "low": low, "high": high}
