"""Intervals against published examples, other formulas, and their nominal coverage."""

import math

import numpy as np
import pytest
from scipy import stats

from birnn.evaluation import intervals, summary


def alone(reviews: np.ndarray) -> np.ndarray:
    """Return groups of one review each."""
    return np.arange(len(reviews), dtype=np.int32)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (20, 20, 0.8389, 1)],
)
def test_published_score_interval(successes: int, trials: int, low: float, high: float) -> None:
    # Newcombe, "Two-sided Confidence Intervals for the Single Proportion", 1998, Table I.
    measured = intervals.score_interval(successes / trials, trials)
    assert measured == pytest.approx((low, high), abs=5e-5)


def test_paired_interval_published_example() -> None:
    # The example of Bonett's function for within-subjects designs.
    low, high = intervals.paired_difference_interval(26, 4, 40)
    assert (low, high) == pytest.approx((0.3126438, 0.7349752), abs=1e-7)
    # Three simultaneous intervals leave out 5% / 3 each.
    wide = intervals.paired_difference_interval(26, 4, 40, comparisons=3)
    factor = stats.norm.ppf(1 - 0.025 / 3) / stats.norm.ppf(1 - 0.025)
    assert wide[1] - wide[0] == pytest.approx(factor * (high - low))
    # No pair is the same.
    assert intervals.paired_difference_interval(9, 0, 9)[1] == 1
    assert intervals.paired_difference_interval(0, 9, 9)[0] == -1


def test_design_effect_of_worked_examples() -> None:
    films = np.repeat(np.arange(6), 2)
    # Both reviews of a film are alike: 24 * (6 / 5) / (12 * 12 / 11) is 2.2.
    alike = np.repeat([1, -1, 1, -1, 1, -1], 2)
    for comparisons, tail in ((1, 0.025), (2, 0.0125)):
        few_films = (stats.t.ppf(tail, 5) / stats.t.ppf(tail, 11)) ** 2
        measured = intervals.design_effect(alike, films, comparisons)
        assert measured == pytest.approx(2.2 * few_films)
        # Films whose reviews differ are not assumed to be less alike than other reviews.
        measured = intervals.design_effect(np.tile([1, -1], 6), films, comparisons)
        assert measured == pytest.approx(few_films)
    assert intervals.design_effect(alike, alone(alike)) == 1
    assert intervals.design_effect(alike, np.zeros(12, np.int32)) == 12
    assert intervals.design_effect(np.array([1, 1, -1, -1]), np.array([0, 0, 1, 1])) == 4
    # Equal values do not show how alike reviews are.
    assert intervals.design_effect(np.zeros(4), np.array([0, 1, 1, 1])) == (1 + 9) / 4


def test_interval_of_a_proportion_counts_effective_reviews() -> None:
    correct, films = np.repeat([True, False, True], [6, 3, 3]), np.repeat(np.arange(6), 2)
    effect = intervals.design_effect(correct - 0.75, films)
    expected = intervals.score_interval(0.75, 12 / effect)
    assert intervals.proportion_interval(correct, films) == expected


def test_intervals_cover_the_truth_on_other_films() -> None:
    """Some films are hard for the first and others for the second of two equally good models."""
    rng, accuracy = np.random.default_rng(0), stats.norm.cdf(1 / math.sqrt(1 + 0.7**2))
    films = np.repeat(np.arange(60), 1 + np.arange(60) % 9).astype(np.int32)
    covered = np.zeros((2, 2))
    for _ in range(400):
        ease = 1 + 0.7 * rng.standard_normal((2, 60))[:, films]
        first, second = ease + rng.standard_normal(ease.shape) > 0
        for row, groups in enumerate((films, alone(films))):
            low, high = intervals.proportion_interval(first, groups)
            covered[row] += [low <= accuracy <= high, 0]
            compared = summary.compare(first, second, groups)
            covered[row] += [0, compared["difference_low"] <= 0 <= compared["difference_high"]]
    assert (covered[0] >= 0.93 * 400).all()
    assert (covered[1] < 0.93 * 400).all()
