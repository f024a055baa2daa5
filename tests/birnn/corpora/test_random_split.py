"""Tests of the random split: fraction, balance, groups and reproducibility."""

import numpy as np
import pytest

from birnn.core.errors import InputError
from birnn.corpora.random_split import draw_test


def test_groups_stay_together_and_are_balanced() -> None:
    # Groups with three of six positive reviews count as positive, groups with two do not.
    groups = np.repeat(np.arange(10, dtype=np.uint64), 6)
    labels = (np.arange(60) % np.where(groups % 2, 3, 2) == 0).astype(np.uint8)
    drawn, again, *others = (draw_test(labels, groups, 0.4, seed) for seed in (0, 0, 1, 2))
    assert np.unique(groups[drawn] % 2, return_counts=True)[1].tolist() == [12, 12]
    assert not set(groups[drawn]) & set(groups[~drawn])
    assert np.array_equal(drawn, again)
    assert not all(np.array_equal(drawn, other) for other in others)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_too_few_reviews_are_refused(count: int) -> None:
    labels, groups = np.array([1, 0, 1], np.uint8), np.arange(3, dtype=np.uint64)
    with pytest.raises(InputError, match="too few to split"):
        draw_test(labels[:count], groups[:count], 0.2, seed=0)
