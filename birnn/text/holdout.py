"""The reviews of the training split that are held out for validation, by whole films."""

import numpy as np
from numpy.typing import NDArray

from birnn.core.errors import InputError


def hold_out(
    groups: NDArray[np.int32], labels: NDArray[np.uint8], fraction: float, seed: int
) -> NDArray[np.bool_]:
    """Choose reviews to hold out, shape (reviews,): whole groups, up to `fraction` of the reviews.

    Reviews of one film are alike, so a hold-out that shares films with the training reviews
    reads too high.

    Args:
        groups: a number for the group of each review.
        labels: 1 positive, 0 negative.
        fraction: of the reviews, between 0 and 1.
        seed: chooses the groups.

    Raises:
        InputError: one of the two parts would lack a class.
    """
    _, group_index, reviews = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(reviews))
    chosen = order[np.cumsum(reviews[order]) <= fraction * len(groups)]
    held_out = np.isin(group_index, chosen)
    for part in (held_out, ~held_out):
        if len(np.unique(labels[part])) < len(np.unique(labels)):
            raise InputError(
                f"pad.validation is {fraction}: of the {len(labels)} training reviews that holds "
                f"out {held_out.sum()}, and one part lacks a class; choose another fraction, or "
                "another pad.seed"
            )
    return held_out
