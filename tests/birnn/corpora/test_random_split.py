"""Tests of the random split: fraction, balance, groups and reproducibility."""

import numpy as np
import pytest

from birnn.core.errors import InputError
from birnn.corpora.random_split import draw_test

LABELS = np.array([1] * 300 + [0] * 700, np.uint8)
SINGLE = np.arange(1000, dtype=np.uint64)


def test_fraction_and_balance_are_exact_without_groups() -> None:
    drawn = draw_test(LABELS, SINGLE, 0.2, seed=0)
    assert drawn.sum() == 200
    assert LABELS[drawn].sum() == 60


def test_split_depends_on_the_seed_only() -> None:
    first, again, other = (draw_test(LABELS, SINGLE, 0.2, seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("fraction", [0.1, 0.5])
def test_groups_stay_together_and_are_balanced(fraction: float) -> None:
    random = np.random.default_rng(0)
    groups = random.integers(0, 200, 1000).astype(np.uint64)
    drawn = draw_test(LABELS, groups, fraction, seed=0)
    assert not set(groups[drawn]) & set(groups[~drawn])
    assert drawn.mean() == pytest.approx(fraction, abs=0.03)
    assert LABELS[drawn].mean() == pytest.approx(0.3, abs=0.06)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_too_few_reviews_are_refused(count: int) -> None:
    with pytest.raises(InputError, match="too few to split"):
        draw_test(np.array([1, 0, 1], np.uint8)[:count], SINGLE[:count], 0.2, seed=0)
