"""Means and differences over seeds and films: other computations, coverage, degenerate cases."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from birnn_lab.studies.differences import (
    REVIEW_VALUES,
    Difference,
    difference_over_seeds,
    disagreement,
    estimate_difference,
    mean_over_groups,
    placement_values,
)

MEASURES = {"accuracy", "loss", "roc_auc"}


def compute_differences(
    first: np.ndarray,
    second: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray,
    comparisons: int = 1,
) -> dict[str, Difference]:
    """Return the difference of each measure, given log-odds of shape (seeds, reviews)."""
    gains = {
        measure: np.subtract(values(labels, first), values(labels, second), dtype=np.float64)
        for measure, values in REVIEW_VALUES.items()
    }
    return {
        measure: estimate_difference(gain, labels, groups, measure, comparisons)
        for measure, gain in gains.items()
    }


def simulate(
    rng: np.random.Generator, seeds: int, reviews: int, films: int, gain: float = 0.0
) -> tuple[np.ndarray, ...]:
    """Return the log-odds of two sets of runs, labels, and films of one to many reviews.

    If `gain` is 0, the true differences between the sets are 0.
    """
    film = np.sort(np.append(np.arange(films), rng.geometric(0.05, reviews - films) % films))
    labels = rng.integers(0, 2, reviews, np.uint8)
    sides = 2.0 * labels - 1
    shared = sides + rng.normal(0, 1, reviews)
    first, second = (
        shared
        + sides * extra
        + sides * rng.normal(0, 0.1, (seeds, 1))
        + rng.normal(0, 0.1, (seeds, 1))
        + sides * rng.normal(0, 0.2, films)[film]
        + rng.normal(0, 0.3, reviews)
        + rng.normal(0, 0.7, (seeds, reviews))
        for extra in (gain, 0.0)
    )
    return first.astype(np.float32), second.astype(np.float32), labels, film.astype(np.int32)


def resampled_measures(
    runs: np.ndarray, labels: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the measures of weighted reviews by their definitions, shape (seeds, resamples)."""
    probabilities = expit(runs.astype(float))
    likelihood = np.where(labels == 1, probabilities, 1 - probabilities)
    total = weights.sum(axis=1)
    positive, negative = weights[:, labels == 1], weights[:, labels == 0]
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    return {
        "accuracy": (likelihood > 0.5) @ weights.T / total,
        "loss": -np.log(likelihood) @ weights.T / total,
        "roc_auc": np.array(
            [
                ((positive @ np.greater.outer(run[labels == 1], run[labels == 0])) * negative).sum(
                    axis=1
                )
                / pairs
                for run in probabilities
            ]
        ),
    }


def test_differences_and_standard_errors_match_resampled_films() -> None:
    rng = np.random.default_rng(0)
    *networks, labels, films = simulate(rng, seeds=5, reviews=800, films=200, gain=0.1)
    draws = rng.multinomial(200, np.full(200, 1 / 200), 1_000)
    weights = np.vstack([np.ones(200), draws])[:, films]
    first, second = (resampled_measures(runs, labels, weights) for runs in networks)
    differences = compute_differences(*networks, labels, films)
    assert set(differences) == MEASURES
    for measure, computed in differences.items():
        values = first[measure] - second[measure]
        assert computed.mean == pytest.approx(values[:, 0].mean(), abs=1e-6)
        # From the covariances of seeds over resamples.
        covariances = np.cov(values[:, 1:])
        over_seeds = values[:, 0].var(ddof=1) / 5
        over_films = covariances[~np.eye(5, dtype=bool)].mean()
        error = math.sqrt(over_seeds + over_films)
        assert computed.standard_error == pytest.approx(error, rel=0.07)
        # The mean of both quantiles, weighted by the variances.
        over_films = computed.standard_error**2 - over_seeds
        quantiles = stats.t.isf(0.025, [4, 199])
        margin = quantiles @ [over_seeds, over_films] / computed.standard_error
        assert computed.high - computed.mean == pytest.approx(margin, rel=1e-4)


def test_placement_values_count_a_tie_as_one_half() -> None:
    labels, log_odds = np.array([0, 0, 1, 1, 1], np.uint8), np.array([1, 2, 0, 2, 3])
    values = placement_values(labels, log_odds)
    assert values == pytest.approx([2 / 3, 1 / 2, 0, 3 / 4, 1])


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 10, 30])
def test_intervals_of_differences_cover_the_true_difference(seeds: int) -> None:
    rng = np.random.default_rng(0)
    results = [compute_differences(*simulate(rng, seeds, 240, 60)) for _ in range(500)]
    for measure in MEASURES:
        covered = [result[measure].low <= 0 <= result[measure].high for result in results]
        assert np.mean(covered) >= 0.93, measure


def test_equal_seeds_and_single_reviews_give_the_errors_of_paired_reviews() -> None:
    rng = np.random.default_rng(0)
    first, second, labels, _ = simulate(rng, seeds=1, reviews=200, films=50, gain=0.3)
    copies = (np.repeat(runs, 3, axis=0) for runs in (first, second))
    results = compute_differences(*copies, labels, rng.permutation(200).astype(np.int32))
    gains = ((first[0] > 0) == labels).astype(float) - ((second[0] > 0) == labels)
    assert results["accuracy"].standard_error == pytest.approx(stats.sem(gains))
    # DeLong's variance, from all pairs of a positive and a negative review, as he defines it.
    one, other = (
        np.greater.outer(runs[0, labels == 1], runs[0, labels == 0]).astype(float)
        for runs in (first, second)
    )
    error = math.hypot(*(stats.sem((one - other).mean(axis=axis)) for axis in (0, 1)))
    assert results["roc_auc"].standard_error == pytest.approx(error)
    for result in results.values():
        margin = stats.t.isf(0.025, 199) * result.standard_error
        assert result.high - result.mean == pytest.approx(margin)


def test_equal_films_leave_the_interval_over_seeds() -> None:
    # Every film has the same reviews, so that only seeds differ.
    first, second, labels, _ = simulate(np.random.default_rng(0), seeds=6, reviews=50, films=10)
    gains = np.mean((first > 0) == labels, axis=1) - np.mean((second > 0) == labels, axis=1)
    copies = [np.tile(array, 4) for array in (first, second, labels)]
    films = np.repeat(np.arange(4, dtype=np.int32), 50)
    for comparisons in (1, 3):
        result = compute_differences(*copies, films, comparisons)["accuracy"]
        assert result.standard_error == pytest.approx(stats.sem(gains))
        margin = stats.t.isf(0.025 / comparisons, 5) * stats.sem(gains)
        assert result.low == pytest.approx(gains.mean() - margin)


def test_seeds_with_the_better_first_set_are_counted() -> None:
    labels = np.array([1, 1, 0, 0], np.uint8)
    good, bad = np.array([[2, 1, -1, -2], [-2, 1, -1, 2]], np.float32)
    # The first set is better with two seeds, worse with one, and equal with one.
    first, second = np.array([good, good, bad, bad]), np.array([bad, bad, good, bad])
    for result in compute_differences(first, second, labels, np.arange(4, dtype=np.int32)).values():
        assert (result.better, result.seeds) == (2, 4)
    # A rounding error is no difference.
    result = difference_over_seeds([0.3, 0.3], [0.1 + 0.2] * 2, "accuracy")
    assert (result.better, result.seeds) == (0, 2)
    result = difference_over_seeds([1, 2, 4], [0, 0, 0], "loss")
    margin = stats.t.isf(0.025, 2) * stats.sem([1, 2, 4])
    assert (result.high - result.mean, result.better) == (pytest.approx(margin), 0)


def test_equal_seeds_have_a_mean_without_interval() -> None:
    first, _, labels, films = simulate(np.random.default_rng(0), 5, 240, 60)
    # As with networks that all predict one class; then, with a rounding error.
    equal = list(compute_differences(first, first, labels, films).values())
    equal.append(difference_over_seeds([0.3, 0.1 + 0.2] * 2, [0.3] * 4, "accuracy"))
    for result in equal:
        assert [result.mean, result.standard_error] == pytest.approx([0, 0])
        assert math.isnan(result.low)
        assert math.isnan(result.high)
        assert result.better == 0


@pytest.mark.parametrize(("seeds", "films"), [(1, 60), (5, 1)])
def test_one_seed_or_one_film_has_a_mean_without_interval(seeds: int, films: int) -> None:
    first, second, labels, groups = simulate(np.random.default_rng(0), seeds, 240, 60)
    results = compute_differences(first, second, labels, groups % films)
    many = compute_differences(first, second, labels, groups)
    for measure, result in results.items():
        undefined = (result.standard_error, result.low, result.high)
        assert np.isnan(undefined).all()
        numbers = {"standard_error": 0, "low": 0, "high": 0}
        assert replace(result, **numbers) == replace(many[measure], **numbers)
    # A class in one film leaves only the area without an interval.
    one_film = np.where(labels == 1, 100, groups).astype(np.int32)
    results = compute_differences(first, second, labels, one_film)
    undefined = {measure for measure, result in results.items() if math.isnan(result.low)}
    assert undefined == ({"roc_auc"} if seeds > 1 else MEASURES)


def test_disagreement_is_the_share_of_pairs_of_seeds_with_an_interval_over_films() -> None:
    generator = np.random.default_rng(0)
    first, second = generator.random((2, 4, 60)) < generator.random(60)
    groups = np.repeat(np.arange(20), 3)
    for other in (first, second):
        pairs = [(a, b) for a in range(4) for b in range(4) if a != b]
        expected = np.mean([first[a] != other[b] for a, b in pairs], axis=0)
        shares = disagreement(first, other)
        assert shares == pytest.approx(expected)
        found = mean_over_groups(shares, groups, 4)
        means = expected.reshape(20, 3).mean(axis=1)
        interval = stats.t.interval(0.95, 19, means.mean(), stats.sem(means))
        assert (found.mean, found.low, found.high) == pytest.approx((means.mean(), *interval))
