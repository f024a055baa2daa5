"""Intervals against published examples, another formula, and their nominal coverage."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from birnn.evaluation import intervals


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_published_examples(
    successes: int, trials: int, low: float, high: float
) -> None:
    # Newcombe, "Two-sided Confidence Intervals for the Single Proportion", 1998, Table I.
    assert intervals.wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_wilson_interval_without_trials() -> None:
    assert intervals.wilson_interval(0, 0) is None


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
    interval = intervals.auc_interval(labels, scores) if 0 < labels.sum() < len(labels) else None
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
        low, high = intervals.auc_interval(labels, rng.normal(labels, 1).astype(np.float32)) or (
            1,
            0,
        )
        covered += low <= true_area <= high
    assert 930 <= covered <= 970


@pytest.mark.parametrize(
    "scores", [[0.1, 0.2, 0.8, 0.9], [0.5, 0.5, 0.5, 0.5]], ids=["separated", "tied"]
)
def test_auc_interval_without_variance(scores: list[float]) -> None:
    labels = np.array([0, 0, 1, 1], np.uint8)
    assert intervals.auc_interval(labels, np.array(scores, np.float32)) is None


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


def test_overall_verdict_counts_pairs_that_differ() -> None:
    none = intervals.NO_DIFFERENCE
    assert intervals.overall_verdict(["the A is better"]) == "the A is better"
    assert intervals.overall_verdict([none, none, none]) == none
    different = ["the A is better", none, "the B is better"]
    assert intervals.overall_verdict(different) == "one network is better in 2 of 3 pairs"
