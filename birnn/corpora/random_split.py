"""Draw test reviews at random."""

import numpy as np
from numpy.typing import NDArray

from birnn.core.errors import InputError


def draw_test(
    labels: NDArray[np.uint8], groups: NDArray[np.uint64], fraction: float, seed: int
) -> NDArray[np.bool_]:
    """Return a mask of the test reviews: a fraction of the groups, stratified by their label.

    A group counts as positive if at least half of its reviews are, so both splits have about the
    same share of positive reviews. All arrays have the shape (reviews,).
    """
    # Takes a second; only needed for files without a split.
    from sklearn.model_selection import train_test_split  # noqa: PLC0415

    _, group_index, group_sizes = np.unique(groups, return_inverse=True, return_counts=True)
    majority = np.bincount(group_index, labels) * 2 >= group_sizes
    try:
        _, drawn = train_test_split(
            np.arange(len(group_sizes)), test_size=fraction, stratify=majority, random_state=seed
        )
    except ValueError:
        raise InputError(
            f"csv.test is {fraction}, but {len(group_sizes)} different texts or groups, "
            f"{majority.sum()} of them positive, are too few to split: add reviews, or choose "
            "another fraction"
        ) from None
    return np.isin(group_index, drawn)
