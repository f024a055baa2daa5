"""Draw the reviews of a test split or of a hold-out, in whole groups such as films.

Reviews of the same film are similar, so a split that shares films with the training reviews
overestimates the accuracy. All arrays have the shape (reviews,).
"""

import numpy as np
from numpy.typing import NDArray

from birnn.runtime.errors import InputError

FEW = 50  # reviews of a class, on which scores are unreliable


def draw(groups: NDArray[np.int32], fraction: float, seed: int) -> NDArray[np.bool_]:
    """Return a mask of random groups, numbered from 0, with at most `fraction` of the reviews."""
    group_sizes = np.bincount(groups)
    order = np.random.default_rng(seed).permutation(len(group_sizes))
    return np.isin(groups, order[np.cumsum(group_sizes[order]) <= fraction * len(groups)])


def draw_stratified(
    labels: NDArray[np.uint8],
    groups: NDArray[np.integer],
    fraction: float,
    seed: int,
    setting: str,
) -> NDArray[np.bool_]:
    """Return a mask of a fraction of the groups, stratified by their label.

    A group counts as positive if at least half of its reviews are, so both parts have about the
    same share of positive reviews. An error names the `setting` of the fraction.
    """
    from sklearn.model_selection import train_test_split  # noqa: PLC0415  # takes a second

    _, group_index, group_sizes = np.unique(groups, return_inverse=True, return_counts=True)
    majority = np.bincount(group_index, labels) * 2 >= group_sizes
    try:
        _, drawn = train_test_split(
            np.arange(len(group_sizes)), test_size=fraction, stratify=majority, random_state=seed
        )
    except ValueError:
        raise InputError(f"{setting}: too few different texts or groups to split") from None
    return np.isin(group_index, drawn)
