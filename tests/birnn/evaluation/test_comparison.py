"""Comparison of two models: counts, the interval, and McNemar's test."""

from itertools import product
from operator import itemgetter, mul

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from birnn.evaluation import comparison, intervals
from birnn.evaluation.comparison import mcnemar_p

interval = itemgetter("difference_low", "difference_high")


def test_counts() -> None:
    first = np.array([1, 1, 1, 1, 1, 0, 0, 0], np.bool_)
    second = np.array([1, 1, 0, 0, 0, 1, 0, 0], np.bool_)
    compared = comparison.compare(first, second, np.arange(8, dtype=np.int32))
    assert (compared["agreement"], compared["accuracy_difference"]) == (0.5, 0.25)
    assert interval(compared) == intervals.paired_difference_interval(3, 1, 8)
    assert compared["contingency"] == [[2, 3], [1, 2]]
    assert compared["mcnemar_p"] == pytest.approx(10 / 16)


def test_several_comparisons_hold_together() -> None:
    first, second = (np.repeat([True, False], counts) for counts in ((9, 0), (2, 7)))
    films = np.arange(9, dtype=np.int32)
    compared = comparison.compare(first, second, films, comparisons=3)
    assert interval(compared) == intervals.paired_difference_interval(7, 0, 9, comparisons=3)
    assert compared["mcnemar_p"] == pytest.approx(3 * 2 / 2**7)
    equal = comparison.compare(first, first, films, comparisons=3)
    assert (equal["agreement"], equal["accuracy_difference"], equal["mcnemar_p"]) == (1, 0, 1)


def test_groups_differ_as_one_and_widen_the_interval() -> None:
    once = [np.repeat(column, [9, 2, 20]) for column in ([True, False, True], [False, True, True])]
    films = np.arange(31, dtype=np.int32)
    first, second = (np.repeat(column, 5) for column in once)
    repeated = comparison.compare(first, second, np.repeat(films, 5))
    assert repeated["mcnemar_p"] == pytest.approx(comparison.compare(*once, films)["mcnemar_p"])
    differences = first.astype(int) - second
    for groups in (np.repeat(films, 5), np.arange(155) // 4):
        effect = intervals.design_effect(differences - differences.mean(), groups, 2)
        expected = intervals.paired_difference_interval(45 / effect, 10 / effect, 155 / effect, 2)
        compared = comparison.compare(first, second, groups, comparisons=2)
        assert interval(compared) == pytest.approx(expected)


@settings(max_examples=40)
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=8))
def test_mcnemar_flips_the_signs_of_groups(differences: list[int]) -> None:
    signs = product((-1, 1), repeat=len(differences))
    sums = [abs(sum(map(mul, differences, flipped))) for flipped in signs]
    expected = np.mean([total >= abs(sum(differences)) for total in sums])
    assert mcnemar_p(np.array(differences)) == pytest.approx(expected)


def test_large_mcnemar_test() -> None:
    differences = np.repeat([1, -1], [501_000, 499_000])
    assert mcnemar_p(differences) == pytest.approx(2 * stats.norm.sf(2), rel=0.01)
