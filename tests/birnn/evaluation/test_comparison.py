"""Comparison of two models: counts and the interval."""

from operator import itemgetter

import numpy as np
import pytest

from birnn.evaluation import comparison, intervals

interval = itemgetter("difference_low", "difference_high")


def test_counts() -> None:
    first = np.array([1, 1, 1, 1, 1, 0, 0, 0], np.bool_)
    second = np.array([1, 1, 0, 0, 0, 1, 0, 0], np.bool_)
    compared = comparison.compare(first, second, np.arange(8, dtype=np.int32))
    assert compared["accuracy_difference"] == 0.25
    assert interval(compared) == intervals.paired_difference_interval(3, 1, 8)
    assert compared["contingency"] == [[2, 3], [1, 2]]


def test_likeness_of_groups_widens_the_interval() -> None:
    columns = ([True, False, True], [False, True, True])
    first, second = (np.repeat(column, [45, 10, 100]) for column in columns)
    differences = first.astype(int) - second
    for groups in (np.arange(155) // 5, np.arange(155) // 4):
        effect = intervals.design_effect(differences - differences.mean(), groups, 2)
        expected = intervals.paired_difference_interval(45 / effect, 10 / effect, 155 / effect, 2)
        compared = comparison.compare(first, second, groups, comparisons=2)
        assert interval(compared) == pytest.approx(expected)
