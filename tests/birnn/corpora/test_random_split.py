"""Tests of the random split: fraction, balance, groups and reproducibility."""

import numpy as np
import pytest

from birnn.core.errors import InputError
from birnn.corpora.random_split import draw_test

LABELS = np.array([1] * 300 + [0] * 700, np.uint8)
SINGLE = np.arange(1000, dtype=np.uint64)


def test_fraction_and_balance_are_exact_and_depend_on_the_seed_only() -> None:
    first, again, other = (draw_test(LABELS, SINGLE, 0.2, seed) for seed in (0, 0, 1))
    assert first.sum() == other.sum() == 200
    assert LABELS[first].sum() == LABELS[other].sum() == 60
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_groups_stay_together_and_are_balanced() -> None:
    # Groups with three of six positive reviews count as positive, groups with two do not.
    groups = np.repeat(np.arange(10, dtype=np.uint64), 6)
    labels = (np.arange(60) % np.where(groups % 2, 3, 2) == 0).astype(np.uint8)
    drawn = draw_test(labels, groups, 0.4, seed=0)
    assert np.unique(groups[drawn] % 2, return_counts=True)[1].tolist() == [12, 12]
    assert not set(groups[drawn]) & set(groups[~drawn])


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_too_few_reviews_are_refused(count: int) -> None:
    with pytest.raises(InputError, match="too few to split"):
        draw_test(np.array([1, 0, 1], np.uint8)[:count], SINGLE[:count], 0.2, seed=0)
