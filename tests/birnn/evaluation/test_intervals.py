"""Intervals against published examples, another formula, and their nominal coverage."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from birnn.evaluation import comparison, intervals
from birnn.evaluation.intervals import Interval


def alone(reviews: np.ndarray) -> np.ndarray:
    """Return groups of one review each."""
    return np.arange(len(reviews), dtype=np.int32)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_score_interval_published_examples(
    successes: int, trials: int, low: float, high: float
) -> None:
    # Newcombe, "Two-sided Confidence Intervals for the Single Proportion", 1998, Table I.
    measured = intervals.score_interval(successes / trials, trials)
    assert measured == pytest.approx((low, high), abs=5e-5)


def test_paired_interval_published_examples() -> None:
    # Airway hyper-responsiveness, Bentur et al. 2009, as in Fagerland, Lydersen and Laake 2014.
    assert intervals.paired_difference_interval(1, 7, 21) == pytest.approx(
        (-0.508, -0.013), abs=5e-4
    )
    # The example of Bonett's function for within-subjects designs.
    expected = (0.3126438, 0.7349752)
    assert intervals.paired_difference_interval(26, 4, 40) == pytest.approx(expected, abs=1e-7)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_paired_interval_is_antisymmetric(first: int, second: int, rest: int) -> None:
    pairs = first + second + rest
    low, high = intervals.paired_difference_interval(first, second, pairs)
    assert -1 <= low < high <= 1
    assert intervals.paired_difference_interval(second, first, pairs) == pytest.approx(
        (-high, -low)
    )


def test_paired_interval_coverage() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(1_000):
        # Reviews are easy or hard for both, so that mistakes correlate, as between networks.
        ease = rng.beta(4, 1, 2_000)
        first, second = rng.random((2, 2_000)) < ease
        low, high = intervals.paired_difference_interval(
            int((first & ~second).sum()), int((second & ~first).sum()), 2_000
        )
        covered += low <= 0 <= high
    assert 930 <= covered <= 970


def delong_by_pairs(labels: np.ndarray, scores: np.ndarray) -> tuple[float, float]:
    """Return the area and its variance from all pairs, as defined in the paper."""
    difference = scores[labels == 1][:, None] - scores[labels == 0][None, :]
    kernel = (difference > 0) + 0.5 * (difference == 0)
    positives, negatives = kernel.shape
    variance = kernel.mean(1).var(ddof=1) / positives + kernel.mean(0).var(ddof=1) / negatives
    return float(kernel.mean()), float(variance)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=8, max_size=60))
def test_auc_interval_matches_pairwise_formula(reviews: list[tuple[bool, int]]) -> None:
    labels = np.array([label for label, _ in reviews], np.uint8)
    scores = np.array([score / 6 for _, score in reviews], np.float32)
    interval = (
        intervals.auc_interval(labels, scores, alone(labels))
        if 0 < labels.sum() < len(labels)
        else None
    )
    if min(labels.sum(), len(labels) - labels.sum()) < 2:
        assert interval is None
        return
    area, variance = delong_by_pairs(labels, scores)
    if math.isclose(variance, 0, abs_tol=1e-12):
        assert interval is None or interval == pytest.approx((area, area), abs=1e-5)
        return
    margin = 1.959964 * math.sqrt(variance)
    assert interval == pytest.approx((max(0, area - margin), min(1, area + margin)), abs=1e-6)


def test_auc_interval_coverage() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 200).astype(np.uint8)
    # Two normal distributions, one standard deviation apart.
    true_area = stats.norm.cdf(1 / math.sqrt(2))
    covered = 0
    for _ in range(1_000):
        low, high = intervals.auc_interval(
            labels, rng.normal(labels, 1).astype(np.float32), alone(labels)
        ) or (1, 0)
        covered += low <= true_area <= high
    assert 930 <= covered <= 970


@pytest.mark.parametrize(
    "scores", [[0.1, 0.2, 0.8, 0.9], [0.5, 0.5, 0.5, 0.5]], ids=["separated", "tied"]
)
def test_auc_interval_without_variance(scores: list[float]) -> None:
    labels = np.array([0, 0, 1, 1], np.uint8)
    assert intervals.auc_interval(labels, np.array(scores, np.float32), alone(labels)) is None


def test_simultaneous_intervals_cover_together() -> None:
    # Three models that are equally good: all three differences must be covered.
    rng = np.random.default_rng(0)
    pairs = [(0, 1), (0, 2), (1, 2)]

    def all_cover(comparisons: int) -> bool:
        correct = rng.random((3, 400)) < 0.8
        bounds = [
            intervals.paired_difference_interval(
                int((correct[a] & ~correct[b]).sum()),
                int((correct[b] & ~correct[a]).sum()),
                400,
                comparisons,
            )
            for a, b in pairs
        ]
        return all(low <= 0 <= high for low, high in bounds)

    assert np.mean([all_cover(len(pairs)) for _ in range(2_000)]) >= 0.94
    assert np.mean([all_cover(1) for _ in range(2_000)]) < 0.92


class Sample(NamedTuple):
    """Reviews of films, of which some are hard for the first and others for the second model."""

    labels: np.ndarray
    first: np.ndarray
    second: np.ndarray
    films: np.ndarray


def draw(rng: np.random.Generator, films: int = 60, film_effect: float = 0.7) -> Sample:
    """Draw 1 to 9 reviews per film, with the scores of two models that are equally good."""
    groups = np.repeat(np.arange(films), 1 + np.arange(films) % 9)
    labels = rng.integers(0, 2, len(groups))
    ease = 1 + film_effect * rng.standard_normal((2, films))[:, groups]
    scores = (2 * labels - 1) * (ease + rng.standard_normal((2, len(groups))))
    return Sample(labels.astype(np.uint8), *scores.astype(np.float32), groups.astype(np.int32))


def accuracy_interval(reviews: Sample) -> Interval | None:
    correct = (reviews.first > 0) == reviews.labels
    return intervals.proportion_interval(correct, reviews.films)


def area_interval(reviews: Sample) -> Interval | None:
    return intervals.auc_interval(reviews.labels, reviews.first, reviews.films)


def difference_interval(reviews: Sample) -> Interval | None:
    correct = [(scores > 0) == reviews.labels for scores in (reviews.first, reviews.second)]
    return comparison.compare(*correct, groups=reviews.films).interval


Measured = Callable[[Sample], Interval]
INTERVALS = [accuracy_interval, area_interval, difference_interval]


def width(interval: Interval) -> float:
    return interval[1] - interval[0]


@pytest.mark.parametrize("interval", INTERVALS)
def test_repeated_reviews_do_not_narrow_the_interval(interval: Measured) -> None:
    once = draw(np.random.default_rng(0))
    repeated = Sample(*(np.repeat(column, 4) for column in once))
    assert width(interval(repeated)) == pytest.approx(width(interval(once)), rel=0.01)
    independent = repeated._replace(films=alone(repeated.films))
    assert width(interval(independent)) < 0.5 * width(interval(once))


@pytest.mark.parametrize(
    ("interval", "films"),
    [
        (accuracy_interval, 6),
        (accuracy_interval, 60),
        (difference_interval, 6),
        (difference_interval, 60),
        # The area is skewed with fewer films, as it is with few independent reviews.
        pytest.param(area_interval, 300, marks=pytest.mark.slow),
    ],
)
def test_interval_covers_the_truth_on_other_films(interval: Measured, films: int) -> None:
    rng, deviation = np.random.default_rng(0), math.sqrt(1 + 0.7**2)
    truth = {
        accuracy_interval: stats.norm.cdf(1 / deviation),
        area_interval: stats.norm.cdf(math.sqrt(2) / deviation),
        difference_interval: 0,
    }[interval]

    def covers(reviews: Sample) -> bool:
        low, high = interval(reviews) or (-math.inf, math.inf)
        return low <= truth <= high

    samples = [draw(rng, films) for _ in range(500)]
    assert np.mean([covers(reviews) for reviews in samples]) >= 0.93
    independent = [reviews._replace(films=alone(reviews.films)) for reviews in samples]
    assert np.mean([covers(reviews) for reviews in independent]) < 0.93


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 5)), min_size=1))
def test_groups_never_narrow_an_interval(reviews: list[tuple[bool, bool, int]]) -> None:
    labels, predicted, films = (np.array(column) for column in zip(*reviews, strict=True))
    scores = (predicted - 0.5).astype(np.float32)
    grouped = Sample(labels.astype(np.uint8), scores, -scores, films.astype(np.int32))
    independent = grouped._replace(films=alone(films))
    for interval in (accuracy_interval, difference_interval):
        wide, narrow = interval(grouped), interval(independent)
        assert width(wide) >= width(narrow) - 1e-12
    if 0 < labels.sum() < len(labels):
        wide, narrow = area_interval(grouped), area_interval(independent)
        assert wide is None or narrow is None or width(wide) >= width(narrow) - 1e-12


@given(st.integers(0, 40), st.integers(0, 40))
def test_groups_of_one_review_change_nothing(successes: int, failures: int) -> None:
    correct = np.repeat([True, False], [successes, failures])
    measured = intervals.proportion_interval(correct, alone(correct))
    if not len(correct):
        assert measured is None
    else:
        expected = intervals.score_interval(correct.mean(), len(correct))
        assert measured == pytest.approx(expected)
        compared = comparison.compare(correct, ~correct, groups=alone(correct))
        paired = intervals.paired_difference_interval(successes, failures, len(correct))
        assert compared.interval == pytest.approx(paired)


def test_equal_values_count_once_per_group() -> None:
    correct, films = np.ones(30, np.bool_), np.repeat(np.arange(10), 3).astype(np.int32)
    assert intervals.proportion_interval(correct, films) == intervals.score_interval(1, 10)
    one_film = np.zeros(30, np.int32)
    assert intervals.proportion_interval(correct, one_film) == intervals.score_interval(1, 1)


def test_design_effect_of_equal_reviews_is_the_size_of_the_groups() -> None:
    values = np.repeat(np.random.default_rng(0).random(2_000), 5)
    films = np.repeat(np.arange(2_000), 5).astype(np.int32)
    assert intervals.design_effect(values - values.mean(), films) == pytest.approx(5, rel=0.01)


def test_area_without_interval_if_a_class_is_in_one_group() -> None:
    labels, scores = np.array([0, 0, 1, 1], np.uint8), np.array([0, 0.6, 0.4, 1], np.float32)
    assert intervals.auc_interval(labels, scores, alone(labels)) is not None
    assert intervals.auc_interval(labels, scores, np.array([0, 1, 2, 2], np.int32)) is None


@pytest.mark.parametrize(
    ("interval", "decision"),
    [
        ((0.006, 0.02), "larger"),
        ((0.004, 0.02), "undecided"),
        ((-0.004, 0.004), "equivalent"),
        ((0.001, 0.004), "equivalent"),
        ((-0.02, -0.006), "larger"),
        ((-0.02, 0.02), "undecided"),
        ((np.nan, np.nan), "undecided"),
    ],
)
def test_decision(interval: tuple[float, float], decision: str) -> None:
    assert intervals.decide(interval, 0.005) == decision
    mirrored = (-interval[1], -interval[0])
    assert intervals.decide(mirrored, 0.005) == decision
