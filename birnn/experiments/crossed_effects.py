"""Compare networks over training seeds and test reviews at once.

Seeds and groups of reviews, such as films, are crossed random effects: the network of each seed
predicts every review. An interval over seeds treats the reviews as fixed, an interval over reviews
treats the seed as fixed. Here, both are samples.

Resampling both (Owen, "The Pigeonhole Bootstrap", 2007) counts the variance of their interaction
three times. For two networks of one kind, that variance is large: they disagree about many single
reviews, and about others with every seed. So for means, only groups are resampled, and the
variance is estimated as in studies of radiologists, with seeds for readers and reviews for cases:
the variance over seeds, plus the covariance between seeds over resampled groups (Obuchowski and
Rockette, "Hypothesis Testing of Diagnostic Accuracy for Multiple Readers and Multiple Tests: An
ANOVA Approach with Dependent Observations", 1995). The probability of a win is not a mean: its
variance is estimated by resampling both, so its interval is conservative.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

from birnn.evaluation.intervals import CONFIDENCE, LOWER_IS_BETTER, Interval, score_interval
from birnn.experiments.weighted_measures import MEASURES, measure_resamples

REPLICATES = 2_000
SMALLEST_P = 1e-100
# Seeds of the random numbers that resample groups, weight deviations, and resample training seeds.
GROUP_SEED, WEIGHT_SEED, RUN_SEED = range(3)


@dataclass(frozen=True)
class Estimate:
    """The mean of a quantity over seeds, on all reviews.

    Attributes:
        mean: the mean.
        standard_error: its standard error over new seeds and new groups of reviews.
        interval: its 95% interval.
    """

    mean: float
    standard_error: float
    interval: Interval


@dataclass(frozen=True)
class Difference(Estimate):
    """The mean of one network minus the mean of another, adjusted for all measures and pairs.

    Attributes:
        simultaneous_interval: one of the intervals that cover all differences together with a
            probability of 95%.
        p: the two-sided p-value of no difference.
        adjusted_p: the adjusted p-value.
    """

    simultaneous_interval: Interval
    p: float
    adjusted_p: float


@dataclass(frozen=True)
class Comparison:
    """The results of networks and of pairs of networks.

    Attributes:
        networks: by measure and network.
        differences: the first network minus the second, by measure and both networks.
        wins: by measure and both networks, the probability that a new run of the first network is
            better than a new run of the second, and its 95% interval.
    """

    networks: dict[tuple[str, str], Estimate]
    differences: dict[tuple[str, str, str], Difference]
    wins: dict[tuple[str, str, str], tuple[float, Interval]]


@dataclass(frozen=True)
class Sample:
    """Quantities of each seed, such as accuracies or differences of accuracies.

    Attributes:
        observed: on all reviews, shape (quantities, seeds).
        resampled: on resampled groups of reviews, shape (quantities, seeds, replicates).
        groups: number of groups.
    """

    observed: NDArray[np.float64]
    resampled: NDArray[np.float64]
    groups: int

    @property
    def seeds(self) -> int:
        """The number of seeds."""
        return len(self.observed[0])

    @cached_property
    def means(self) -> NDArray[np.float64]:
        """The means over seeds, shape (quantities,)."""
        means: NDArray[np.float64] = self.observed.mean(axis=1)
        return means

    @cached_property
    def seed_variances(self) -> NDArray[np.float64]:
        """The variances of the means due to seeds and their interaction with groups."""
        variances: NDArray[np.float64] = self.observed.var(axis=1, ddof=1) / self.seeds
        return variances

    @cached_property
    def group_variances(self) -> NDArray[np.float64]:
        """The variances of the means due to groups: the covariances between seeds, at least 0.

        The variance of a mean over seeds is the mean variance / seeds + (1 - 1 / seeds) x the mean
        covariance.
        """
        variance_of_mean = self.resampled.mean(axis=1).var(axis=-1)
        mean_variance = self.resampled.var(axis=-1).mean(axis=-1)
        covariance = (self.seeds * variance_of_mean - mean_variance) / (self.seeds - 1)
        variances: NDArray[np.float64] = np.maximum(covariance, 0)
        return variances * (self.groups / (self.groups - 1))

    @cached_property
    def standard_errors(self) -> NDArray[np.float64]:
        """The standard errors of the means, shape (quantities,)."""
        errors: NDArray[np.float64] = np.sqrt(self.seed_variances + self.group_variances)
        return errors

    def quantiles(self, level: float) -> NDArray[np.float64]:
        """Return how many standard errors of each mean its interval extends, shape (quantities,).

        Each interval misses its mean with the probability `level`. The quantile is the mean of
        Student's quantiles for seeds and for groups, weighted by their variances (Cochran and Cox,
        "Experimental Designs", 1957, section 4.14). With three seeds, intervals with
        Satterthwaite's degrees of freedom miss too often, most of all at the small levels of
        simultaneous intervals.
        """
        by_seed, by_group = stats.t.isf(level / 2, [self.seeds - 1, self.groups - 1])
        share = _divide(self.seed_variances, self.standard_errors**2)
        quantiles: NDArray[np.float64] = share * by_seed + (1 - share) * by_group
        return quantiles

    def intervals(self, level: float) -> list[Interval]:
        """Return the interval of each mean that misses it with the probability `level`."""
        margins = self.quantiles(level) * self.standard_errors
        lows, highs = self.means - margins, self.means + margins
        return list(zip(lows.tolist(), highs.tolist(), strict=True))

    def deviations(self) -> NDArray[np.float64]:
        """Return random deviations from the means in standard errors, (quantities, replicates).

        They are correlated as the estimated means are. Deviations due to groups are the resamples,
        scaled to the variance without the interaction. Deviations due to seeds are weighted with
        normal random numbers (Chernozhukov, Chetverikov and Kato, "Gaussian Approximations and
        Multiplier Bootstrap for Maxima of Sums of High-Dimensional Random Vectors", 2013).
        """
        resampled = self.resampled.mean(axis=1)
        by_group = resampled - resampled.mean(axis=-1, keepdims=True)
        by_group *= np.sqrt(_divide(self.group_variances, resampled.var(axis=-1)))[:, None]
        multipliers = np.random.default_rng(WEIGHT_SEED).standard_normal(
            (self.seeds, by_group.shape[1])
        )
        centred = (self.observed - self.means[:, None])[:, :, None]
        by_seed = (centred * multipliers).sum(axis=1) / np.sqrt(self.seeds * (self.seeds - 1))
        return _divide(by_seed + by_group, self.standard_errors[:, None])


def compare(
    labels: NDArray[np.uint8],
    groups: NDArray[np.int32],
    logits: Mapping[str, NDArray[np.float32]],
    replicates: int = REPLICATES,
) -> Comparison:
    """Compare networks that were trained with the same seeds on the same reviews.

    Networks with the same seed are paired. If a resample of the groups has only one class, which
    happens only with few groups, average precision and ROC AUC have means, but their standard
    errors, intervals and p-values are NaN. The resamples take `replicates` bytes of memory per
    group: 2 GB for 1,000,000 reviews without groups.

    Args:
        labels: shape (reviews,), 1 positive, 0 negative; both occur.
        groups: number of each review's group, such as its film, shape (reviews,).
        logits: predicted log-odds by network, shape (seeds, reviews).
        replicates: number of resamples.

    Raises:
        ValueError: networks differ in their number of seeds, or there are fewer than two seeds or
            two groups.
    """
    names, indices = np.unique(groups, return_inverse=True)
    seeds = {len(runs) for runs in logits.values()}
    if len(seeds) != 1 or min(seeds) == 1 or len(names) == 1:
        raise ValueError(
            f"the networks have {sorted(seeds)} seeds and the reviews {len(names)} groups: give "
            "all networks the same seeds, at least two, and at least two groups"
        )
    weights = group_weights(len(names), replicates)
    runs = [
        [measure_resamples(labels, indices.astype(np.int32), run, weights) for run in network]
        for network in logits.values()
    ]
    # Shape (measures, networks, seeds, 1 + replicates).
    measured = np.moveaxis(np.array(runs), 2, 0)
    places = list(combinations(range(len(logits)), 2))
    first, second = (measured[:, [pair[side] for pair in places]] for side in (0, 1))
    pairs = [(measure, *pair) for measure, pair in product(MEASURES, combinations(logits, 2))]
    signs = [-1 if measure in LOWER_IS_BETTER else 1 for measure, *_ in pairs]
    sides = (side.reshape(-1, *side.shape[2:]) for side in (first, second))
    return Comparison(
        networks=dict(
            zip(product(MEASURES, logits), estimate(_sample(measured, len(names))), strict=True)
        ),
        differences=dict(
            zip(pairs, estimate_differences(_sample(first - second, len(names))), strict=True)
        ),
        wins={
            pair: win_probability(sign * one, sign * other)
            for pair, sign, one, other in zip(pairs, signs, *sides, strict=True)
        },
    )


def group_weights(groups: int, replicates: int) -> NDArray[np.uint8]:
    """Return how often each group occurs in each resample, shape (1 + replicates, groups).

    In the first row, each group occurs once.
    """
    rng = np.random.default_rng(GROUP_SEED)
    weights = np.ones((1 + replicates, groups), np.uint8)
    for row in weights[1:]:
        row[:] = np.bincount(rng.integers(groups, size=groups), minlength=groups)
    return weights


def estimate(sample: Sample) -> list[Estimate]:
    """Return the mean of each quantity, and its 95% interval over new seeds and new groups."""
    columns = (sample.means.tolist(), sample.standard_errors.tolist())
    intervals = sample.intervals(1 - CONFIDENCE)
    return [Estimate(*values) for values in zip(*columns, intervals, strict=True)]


def estimate_differences(sample: Sample) -> list[Difference]:
    """Return the mean of each difference, with intervals and p-values adjusted for all of them.

    The adjustment uses the correlations between the differences, so the simultaneous intervals are
    narrower than Bonferroni's (the sup-t band of Montiel Olea and Plagborg-Møller, "Simultaneous
    Confidence Bands: Theory, Implementation, and an Application to SVARs", 2019). The p-values are
    adjusted step by step (Romano and Wolf, "Exact and Approximate Stepdown Methods for Multiple
    Hypothesis Testing", 2005), so some may be below 5% although the simultaneous interval
    contains 0.
    """
    if not len(sample.means):  # of a single network
        return []
    deviations = sample.deviations()
    p = np.array([p_value(sample, quantity) for quantity in range(len(sample.means))])
    simultaneous = sample.intervals(simultaneous_level(1 - CONFIDENCE, deviations))
    columns = (simultaneous, p.tolist(), step_down(p, deviations).tolist())
    return [
        Difference(single.mean, single.standard_error, single.interval, *values)
        for single, *values in zip(estimate(sample), *columns, strict=True)
    ]


def simultaneous_level(level: float, deviations: NDArray[np.float64]) -> float:
    """Return the level at which single intervals all cover with the probability 1 - `level`.

    The largest of the absolute deviations, shape (quantities, replicates), exceeds the normal
    quantile of the result with the probability `level`. The result is at least Bonferroni's.
    """
    largest = np.quantile(np.fmax.reduce(np.abs(deviations)), 1 - level)
    return float(np.clip(2 * stats.norm.sf(largest), level / len(deviations), level))


def p_value(sample: Sample, quantity: int) -> float:
    """Return the level at which the interval of a quantity ends at 0; at least 1e-100.

    It is NaN if the standard error is NaN.
    """
    mean, error = abs(sample.means[quantity]), sample.standard_errors[quantity]

    def margin(log_level: float) -> float:
        return float(sample.quantiles(np.exp(log_level))[quantity] * error - mean)

    lowest = np.log(SMALLEST_P)
    if mean == 0 or np.isnan(error):
        return 1.0 if mean == 0 else np.nan
    return float(np.exp(lowest if margin(lowest) <= 0 else brentq(margin, lowest, 0)))


def step_down(p: NDArray[np.float64], deviations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the p-values, adjusted by the largest deviation of all quantities not smaller yet.

    The adjusted p-values are at least 1 / (replicates + 1).
    """
    order = np.argsort(p)
    # The largest deviation among the quantities from each place in the order on.
    largest = np.fmax.accumulate(np.abs(deviations)[order][::-1])[::-1]
    reached = largest >= stats.norm.isf(p[order] / 2)[:, None]
    shares = (1 + reached.sum(axis=1)) / (1 + deviations.shape[1])
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(np.maximum(shares, p[order]))
    return adjusted


def win_probability(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> tuple[float, Interval]:
    """Return the probability that a new run of the first network beats one of the second.

    It is the share of pairs of runs with different seeds in which the first is better, and half
    the share of ties (Bouthillier et al., "Accounting for Variance in Machine Learning
    Benchmarks", 2021, section 4). Its variance is estimated by resampling seeds and groups, which
    counts the variance of their interaction three times, so the interval is conservative. It is
    Wilson's, with the number of runs that have this variance, so its width is positive even if one
    network always wins.

    Args:
        first: a measure of the first network, of which more is better, on all reviews and on
            resampled groups, shape (seeds, 1 + replicates).
        second: the same for the second network.
    """
    seeds, columns = first.shape
    rng = np.random.default_rng(RUN_SEED)
    counts = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=columns)
    counts[0] = 1
    shares = np.empty(columns)
    for column, runs in enumerate(counts):
        weights = np.multiply.outer(runs, runs)
        np.fill_diagonal(weights, 0)
        wins = (1 + np.sign(first[:, None, column] - second[None, :, column])) / 2
        # Without two different seeds, the share is undefined.
        shares[column] = (weights * wins).sum() / weights.sum() if weights.any() else np.nan
    probability = float(shares[0])
    variance = float(np.nanvar(shares[1:])) * seeds / (seeds - 1)
    certain = probability in (0, 1) or variance == 0
    trials = seeds if certain else probability * (1 - probability) / variance
    return probability, score_interval(probability, trials)


def _sample(measured: NDArray[np.float64], groups: int) -> Sample:
    quantities = measured.reshape(-1, *measured.shape[2:])
    return Sample(quantities[..., 0], quantities[..., 1:], groups)


def _divide(
    numerator: NDArray[np.float64], denominator: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Divide, with 0 for 0 / 0: a quantity without variance has no deviations."""
    quotient: NDArray[np.float64] = numerator / np.where(denominator == 0, 1, denominator)
    return quotient
