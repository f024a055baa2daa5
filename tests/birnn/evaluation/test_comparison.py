"""Comparison of two models: counts, McNemar's test, and verdicts."""

from itertools import product
from math import comb
from operator import mul

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from birnn.evaluation import comparison
from birnn.evaluation.comparison import mcnemar_p


def test_counts() -> None:
    first = np.array([1, 1, 1, 0, 0, 1], np.bool_)
    second = np.array([1, 0, 0, 1, 0, 1], np.bool_)
    compared = comparison.compare(first, second, np.arange(6))
    assert (compared.both, compared.first_only, compared.second_only, compared.neither) == (
        2,
        2,
        1,
        1,
    )
    assert compared.agreement == 0.5
    assert compared.difference == pytest.approx(1 / 6)


def test_mcnemar_published_example() -> None:
    # Bentur et al. 2009, as in Fagerland, Lydersen and Laake 2013: p = 0.0703.
    assert mcnemar_p(np.array([1] + [-1] * 7 + [0] * 13)) == pytest.approx(0.0703125)


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_sums_both_tails(first: int, second: int) -> None:
    discordant = first + second
    tail = sum(comb(discordant, k) for k in range(min(first, second) + 1)) / 2**discordant
    differences = np.array([1] * first + [-1] * second, np.int64)
    assert mcnemar_p(differences) == pytest.approx(min(1, 2 * tail))


def test_equal_networks() -> None:
    correct = np.array([1, 0, 1, 1, 0, 1, 1, 1, 1, 1], np.bool_)
    compared = comparison.compare(correct, correct, np.arange(10))
    assert (compared.agreement, compared.difference, compared.mcnemar_p) == (1, 0, 1)
    low, high = compared.interval
    # Ten reviews are too few to show that two networks are equal.
    assert low < -0.1 < 0.1 < high


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=8))
def test_mcnemar_flips_the_signs_of_groups(differences: list[int]) -> None:
    signs = product((-1, 1), repeat=len(differences))
    sums = [abs(sum(map(mul, differences, flipped))) for flipped in signs]
    expected = np.mean([total >= abs(sum(differences)) for total in sums])
    assert mcnemar_p(np.array(differences)) == pytest.approx(expected)


@pytest.mark.parametrize("largest", [1, 4])
def test_mcnemar_of_many_groups(largest: int) -> None:
    differences = np.random.default_rng(0).integers(-largest, largest + 1, 1_000)
    probabilities = np.ones(1)
    for size in np.abs(differences):
        flipped = np.zeros(2 * size + 1)
        flipped[0] += 0.5
        flipped[-1] += 0.5
        probabilities = np.convolve(probabilities, flipped)
    sums = np.abs(np.arange(len(probabilities)) - len(probabilities) // 2)
    expected = probabilities[sums >= abs(differences.sum())].sum()
    assert mcnemar_p(differences) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_of_a_million_reviews() -> None:
    differences = np.repeat([1, -1], [501_000, 499_000])
    assert mcnemar_p(differences) == pytest.approx(2 * stats.norm.sf(2), rel=0.01)


def test_repeated_reviews_do_not_lower_the_p_value() -> None:
    first = np.repeat([True, False, True], [9, 2, 20])
    second = np.repeat([False, True, True], [9, 2, 20])
    films = np.arange(len(first))
    once = comparison.compare(first, second, films)
    copies = [np.repeat(column, 5) for column in (first, second)]
    repeated = comparison.compare(*copies, np.repeat(films, 5))
    assert repeated.mcnemar_p == pytest.approx(once.mcnemar_p)
    independent = comparison.compare(*copies, np.arange(5 * len(films)))
    assert independent.mcnemar_p < 0.1 * once.mcnemar_p
