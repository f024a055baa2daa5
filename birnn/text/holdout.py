"""Hold out whole groups of training reviews, such as films, for validation."""

import numpy as np
from numpy.typing import NDArray

from birnn.core.errors import InputError


def hold_out(
    groups: NDArray[np.int32], labels: NDArray[np.uint8], fraction: float, seed: int
) -> NDArray[np.bool_]:
    """Return a mask of the reviews to hold out: whole groups, at most `fraction` of the reviews.

    Reviews of the same film are similar, so a hold-out that shares films with the training reviews
    overestimates the accuracy.

    Args:
        groups: the group number of each review, shape (reviews,).
        labels: 1 positive, 0 negative, shape (reviews,).
        fraction: the fraction of reviews to hold out, between 0 and 1.
        seed: the seed of the choice of groups.
    """
    _, group_index, group_sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(group_sizes))
    chosen = order[np.cumsum(group_sizes[order]) <= fraction * len(groups)]
    held_out = np.isin(group_index, chosen)
    for part in (held_out, ~held_out):
        if len(np.unique(labels[part])) < len(np.unique(labels)):
            raise InputError(
                f"pad.validation is {fraction}: with {held_out.sum()} of the {len(labels)} "
                "training reviews held out, one part lacks a class; choose another fraction or "
                "another pad.seed"
            )
    return held_out
