"""Intervals over seeds and groups: coverage in simulations, degenerate cases, and decisions."""

from collections.abc import Iterator

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from birnn.evaluation import intervals
from birnn.experiments import crossed_effects
from birnn.experiments.crossed_effects import Sample
from birnn.experiments.weighted_measures import MEASURES

REVIEWS, FILMS = 240, 60


def simulate(
    seeds: int, draws: int, quantities: int = 1, correlation: float = 0.5, replicates: int = 200
) -> Iterator[Sample]:
    """Yield samples of differences whose true mean is 0, with films of one to many reviews."""
    rng = np.random.default_rng(0)
    films = np.sort(np.append(np.arange(FILMS), rng.geometric(0.05, REVIEWS - FILMS) % FILMS))
    weights = crossed_effects.group_weights(FILMS, replicates).astype(float)[1:]
    starts, sizes = np.searchsorted(films, np.arange(FILMS)), np.bincount(films)
    covariance = np.full((quantities, quantities), correlation)
    np.fill_diagonal(covariance, 1)
    root = np.linalg.cholesky(covariance).T

    def effects(deviation: float, *shape: int) -> np.ndarray:
        return deviation * rng.standard_normal((*shape, quantities)) @ root

    for _ in range(draws):
        values = (
            effects(0.1, seeds, 1)
            + effects(0.15, FILMS)[films]
            + effects(0.3, REVIEWS)
            + effects(1, seeds, REVIEWS)
        )
        sums = np.add.reduceat(values, starts, axis=1)
        resampled = np.tensordot(weights, sums, (1, 1)) / (weights @ sizes)[:, None, None]
        yield Sample(values.mean(axis=1).T, resampled.transpose(2, 1, 0), FILMS)


@pytest.mark.parametrize("seeds", [3, 10, 30])
def test_interval_covers_the_true_difference(seeds: int) -> None:
    samples = list(simulate(seeds, draws=500))
    estimates = [crossed_effects.estimate(sample)[0] for sample in samples]
    bounds = np.array([estimate.interval for estimate in estimates])
    means = np.array([estimate.mean for estimate in estimates])
    assert np.mean((bounds[:, 0] <= 0) & (bounds[:, 1] >= 0)) >= 0.93
    if seeds >= 10:
        needed = 2 * stats.norm.isf(0.025) * means.std()
        assert np.mean(bounds[:, 1] - bounds[:, 0]) <= 1.15 * needed
    # Intervals over films alone, and over seeds alone, miss too often.
    by_film = np.array([sample.resampled.mean(axis=1).std() for sample in samples])
    assert np.mean(np.abs(means) <= stats.norm.isf(0.025) * by_film) < 0.93
    by_seed = np.sqrt([sample.seed_variances[0] for sample in samples])
    assert np.mean(np.abs(means) <= stats.t.isf(0.025, seeds - 1) * by_seed) < 0.93


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 10])
def test_simultaneous_intervals_cover_together(seeds: int) -> None:
    results = [
        crossed_effects.estimate_differences(sample)
        for sample in simulate(seeds, draws=500, quantities=4, correlation=0.8)
    ]
    bounds = np.array([[result.simultaneous_interval for result in row] for row in results])
    together = (bounds[..., 0] <= 0) & (bounds[..., 1] >= 0)
    assert together.all(axis=1).mean() >= 0.93
    # No difference exists, so at most 5% of the draws may find one.
    assert np.mean([min(result.adjusted_p for result in row) < 0.05 for row in results]) <= 0.07
    alone = np.array([[result.interval for result in row] for row in results])
    assert np.mean(((alone[..., 0] <= 0) & (alone[..., 1] >= 0)).all(axis=1)) < 0.93


def test_correlated_differences_need_narrower_intervals_than_bonferroni() -> None:
    def level(correlation: float) -> float:
        (sample,) = simulate(30, 1, quantities=4, correlation=correlation, replicates=2_000)
        return crossed_effects.simultaneous_level(0.05, sample.deviations())

    bonferroni = 0.05 / 4
    assert bonferroni <= level(0) < 0.016
    assert 2 * bonferroni < level(0.95) <= 0.05
    assert level(0.9999) == pytest.approx(0.05, abs=0.01)


def test_p_value_is_the_level_at_which_the_interval_ends_at_0() -> None:
    (sample,) = simulate(5, draws=1, quantities=3)
    for quantity, mean in enumerate(sample.means):
        p = crossed_effects.p_value(sample, quantity)
        ends = sample.intervals(p)[quantity]
        assert min(np.abs(ends)) == pytest.approx(0, abs=1e-9 * abs(mean))


def test_step_down_of_independent_p_values() -> None:
    deviations = np.random.default_rng(0).standard_normal((3, 100_000))
    adjusted = crossed_effects.step_down(np.array([0.3, 0.001, 0.02]), deviations)
    # Holm's steps with Šidák's inequality, which is exact for independent p-values.
    expected = [0.3, 1 - 0.999**3, 1 - 0.98**2]
    assert adjusted == pytest.approx(expected, abs=0.003)


def networks(
    gain: float = 0.0, seeds: int = 5, copies: int = 1
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Return labels, films and the logits of two networks; every review occurs `copies` times."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, REVIEWS)
    films = rng.permutation(np.arange(REVIEWS) % 80)
    review = 2 * labels - 1 + rng.normal(0, 1, REVIEWS)
    logits = {
        name: review + (2 * labels - 1) * extra + rng.normal(0, 0.5, (seeds, REVIEWS))
        for name, extra in (("lstm", gain), ("gru", 0.0))
    }
    return (
        np.repeat(labels, copies).astype(np.uint8),
        np.repeat(films, copies).astype(np.int32),
        {name: np.repeat(runs, copies, axis=1).astype(np.float32) for name, runs in logits.items()},
    )


def test_comparison_reports_every_measure_and_pair() -> None:
    labels, films, logits = networks(gain=1)
    compared = crossed_effects.compare(labels, films, logits | {"cnn": -logits["gru"]}, 100)
    pairs = {("lstm", "gru"), ("lstm", "cnn"), ("gru", "cnn")}
    assert set(compared.differences) == {(name, *pair) for name in MEASURES for pair in pairs}
    lstm, gru = (compared.networks["accuracy", name] for name in ("lstm", "gru"))
    assert lstm.mean == pytest.approx(np.mean((logits["lstm"] > 0) == labels))
    difference = compared.differences["accuracy", "lstm", "gru"]
    assert difference.mean == pytest.approx(lstm.mean - gru.mean)
    low, high = difference.simultaneous_interval
    assert low < difference.interval[0] < difference.mean < difference.interval[1] < high
    probabilities = expit(logits["lstm"].astype(float))
    losses = -np.log(np.where(labels == 1, probabilities, 1 - probabilities))
    assert compared.networks["loss", "lstm"].mean == pytest.approx(losses.mean())


def test_better_network_wins_in_every_measure() -> None:
    compared = crossed_effects.compare(*networks(gain=1), replicates=200)
    for (measure, *_), difference in compared.differences.items():
        low, high = difference.simultaneous_interval
        assert high < -0.001 if measure == "loss" else low > 0.001
        assert intervals.decide((low, high), 0.001) == "larger"
        assert difference.p <= difference.adjusted_p < 0.05
    for probability, (low, high) in compared.wins.values():
        assert probability == 1
        # Five runs cannot show that a network always wins.
        assert (low, high) == (pytest.approx(0.566, abs=0.001), 1)


def test_equal_networks() -> None:
    labels, films, logits = networks()
    same = {"lstm": logits["lstm"], "gru": logits["lstm"]}
    compared = crossed_effects.compare(labels, films, same, replicates=50)
    for key, difference in compared.differences.items():
        assert (difference.mean, difference.standard_error, difference.p) == (0, 0, 1)
        assert compared.wins[key][0] == 0.5


def test_order_and_names_do_not_matter() -> None:
    labels, films, logits = networks(gain=0.2)
    swapped = {name: logits[name] for name in ("gru", "lstm")}
    one = crossed_effects.compare(labels, films, logits, replicates=100)
    other = crossed_effects.compare(labels, 7 * films + 3, swapped, replicates=100)
    first, second = one.differences["loss", "lstm", "gru"], other.differences["loss", "gru", "lstm"]
    assert first.interval == pytest.approx((-second.interval[1], -second.interval[0]))
    assert first.adjusted_p == pytest.approx(second.adjusted_p)
    wins = one.wins["loss", "lstm", "gru"][0], other.wins["loss", "gru", "lstm"][0]
    assert sum(wins) == pytest.approx(1)


def test_repeated_reviews_do_not_narrow_the_interval() -> None:
    once = crossed_effects.compare(*networks(), replicates=100)
    repeated = crossed_effects.compare(*networks(copies=4), replicates=100)
    for key, difference in once.differences.items():
        assert repeated.differences[key].standard_error == pytest.approx(difference.standard_error)


def test_a_network_without_seeds_can_be_compared() -> None:
    labels, films, logits = networks()
    constant = {"lstm": np.tile(logits["lstm"][0], (5, 1)), "gru": logits["gru"]}
    compared = crossed_effects.compare(labels, films, constant, replicates=100)
    assert compared.networks["accuracy", "lstm"].standard_error > 0
    assert np.isfinite(compared.differences["accuracy", "lstm", "gru"].interval).all()


def test_resamples_with_one_class_leave_other_measures_defined() -> None:
    labels, _, logits = networks(gain=0.2)
    # All reviews of a film have the same label.
    films = labels + 2 * (np.arange(REVIEWS) % 2)
    compared = crossed_effects.compare(labels, films.astype(np.int32), logits, replicates=100)
    for (measure, *_), result in compared.differences.items():
        values = (result.standard_error, *result.interval, *result.simultaneous_interval)
        is_defined = measure in ("accuracy", "loss")
        assert np.isfinite(result.mean)
        assert set(np.isfinite([*values, result.p, result.adjusted_p])) == {is_defined}


@pytest.mark.parametrize(("seeds", "films"), [(1, 80), (5, 1)])
def test_too_little_data_is_an_error(seeds: int, films: int) -> None:
    labels, numbers, logits = networks(seeds=seeds)
    with pytest.raises(ValueError, match="at least two"):
        crossed_effects.compare(labels, numbers % films, logits)


def test_different_numbers_of_seeds_are_an_error() -> None:
    labels, films, logits = networks()
    with pytest.raises(ValueError, match="same seeds"):
        crossed_effects.compare(labels, films, logits | {"gru": logits["gru"][:4]})


def test_win_interval_covers_the_true_probability() -> None:
    rng = np.random.default_rng(0)
    weights = crossed_effects.group_weights(FILMS, replicates=50).T / FILMS
    covered = []
    for _ in range(300):
        runs = rng.normal([[0.5], [0]], 1, (2, 10))[..., None]
        films = rng.normal(0, 3, (2, 1, FILMS)) + rng.normal(0, 3, (2, 10, FILMS))
        measured = (runs + films) @ weights
        # Without resampled films, the interval is over seeds alone.
        samples = measured, np.repeat(measured[..., :1], 50, axis=-1)
        bounds = np.array([crossed_effects.win_probability(*sample)[1] for sample in samples])
        truth = stats.norm.cdf(0.5 / np.sqrt(2))
        covered.append((bounds[:, 0] <= truth) & (truth <= bounds[:, 1]))
    crossed, by_seed = np.mean(covered, axis=0)
    assert crossed >= intervals.CONFIDENCE
    assert by_seed < 0.93


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
