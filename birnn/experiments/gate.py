"""The gate of a review: tests of whether a network is worse than before the change.

The seed alone changes results, so the tests compare a change with the runs of a study over seeds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from scipy import special, stats

from birnn.core.errors import InputError
from birnn.core.yaml_files import read_yaml
from birnn.evaluation.intervals import (
    CONFIDENCE,
    LOWER_IS_BETTER,
    NO_DIFFERENCE,
    TOO_FEW_SEEDS,
    lowest_value,
)
from birnn.evaluation.model_names import NETWORKS
from birnn.experiments.revisions import Facts
from birnn.reporting import statistics
from birnn.reporting.statistics import Spread
from birnn.studies.study import SEED, Study
from birnn.style import formatting

FILE = Path("gate.yaml")
LEVEL, POWER = round(1 - CONFIDENCE, 9), 0.8  # printed, so without the rounding error
UNRANKED = {"best_val_epoch", "parameters", "temperature"}
VALIDATION = {"best_val_accuracy", "best_val_epoch", "holdout_accuracy"}

BETTER, WORSE = "better", "worse"
UNCHANGED, NEW, UNKNOWN, OTHER = "unchanged", "new", "noise unknown", "not comparable"
NOT_WORSE, NOT_SHOWN = "not worse by the margin", "may be worse by the margin"


def _ranked(measure: str) -> str:
    if measure in UNRANKED:
        raise ValueError("neither higher nor lower values are better")
    return measure


class Gate(BaseModel):
    """The conditions of a review.

    Attributes:
        not_worse: measures in which no network may be worse, and their margins in points, which are
            hundredths of a measure: for an accuracy, percentage points.
        at_least: minimum values, by full name of the metric, such as `bilstm.accuracy`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    not_worse: dict[Annotated[str, AfterValidator(_ranked)], Annotated[float, Field(gt=0)]]
    at_least: dict[str, float]

    @property
    def metrics(self) -> list[str]:
        """The full names of the measures in `not_worse`, for every network."""
        return [f"{network}.{measure}" for measure in self.not_worse for network in NETWORKS]


def read(file: Path = FILE) -> Gate:
    """Read the conditions of a review.

    Raises:
        InputError: a key is missing or unknown, or a value has the wrong type.
    """
    try:
        return Gate.model_validate(read_yaml(file))
    except ValidationError as error:
        mistakes = (f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise InputError(f"{file}: {'; '.join(mistakes)}") from error


@dataclass(frozen=True)
class DropTest:
    """A measure of one run with the change, compared with one value by a one-sided t test.

    Attributes:
        metric: full name, such as `bilstm.accuracy`.
        before: the run at BASE, or the mean of the study. None if the network is new.
        here: value with the change.
        verdict: such as `worse`, or the reason why there is no test.
        gain: improvement, negative for a drop. Like the next two, None without a test.
        p: probability of such a drop if only the seed differs, adjusted for the number of tests.
        detectable: smallest drop that the test detects with the probability `POWER`, also None if
            the study has too few seeds to detect any.
    """

    metric: str
    before: float | None
    here: float
    verdict: str
    gain: float | None = None
    p: float | None = None
    detectable: float | None = None

    @property
    def sentence(self) -> str:
        """The result in one line."""
        if self.gain is None or self.p is None:
            return f"{self.metric}: {self.verdict}"
        power = f"The study has {TOO_FEW_SEEDS} to detect a drop"
        if self.detectable is not None:
            power = f"A drop of {100 * self.detectable:.2f} points is detected"
        return (
            f"{self.metric}: {formatting.points(self.gain)} points, {self.verdict} "
            f"(p = {self.p:.2g}). {power} with {POWER:.0%} probability."
        )


@dataclass(frozen=True)
class MarginTest:
    """A measure over seeds, compared with a study by Welch's t test of non-inferiority.

    Attributes:
        metric: full name, such as `bilstm.accuracy`.
        before: values of the study.
        here: values with the change.
        verdict: if the network is shown not to be worse by the margin.
        gain: improvement of the mean, negative for a drop.
        bound: lower end of the gain's one-sided 95% interval, None if there are too few seeds.
        margin: drop that the bound must exclude.
    """

    metric: str
    before: Spread
    here: Spread
    verdict: str
    gain: float
    bound: float | None
    margin: float

    @property
    def sentence(self) -> str:
        """The result in one line."""
        if self.verdict == UNCHANGED:
            return f"{self.metric}: {UNCHANGED}"
        gain, margin = formatting.points(self.gain), f"{100 * self.margin:g} points"
        bound = TOO_FEW_SEEDS
        if self.bound is not None:
            bound = f"at worst {formatting.points(self.bound)}"
        return f"{self.metric}: {gain} points, {bound}: {self.verdict} of {margin}."

    def failure_rate(self, drop: float) -> float:
        """Return how often the test fails if the true mean drops by `drop`.

        Assume that values vary as much as in the study, with and without the change.
        """
        seeds = self.before.seeds, self.here.seeds
        return welch_failure_rate(drop, self.margin, self.before.deviation or 0, *seeds)


def drop_tests(base: Facts, here: Facts, study: Study | None, gate: Gate) -> list[DropTest]:
    """Compare the gated measures of one run on each side.

    If the study contains the run at BASE, its mean is the reference, since it has less noise than
    the run. Each direction is tested with Holm's correction over all measures that changed.
    """
    metrics = [metric for metric in gate.metrics if here.value(metric) is not None]
    reasons = {metric: _reason_for_no_test(metric, base, here, study) for metric in metrics}
    tested = [metric for metric in metrics if not reasons[metric]]
    tests = _t_tests(tested, base, here, study) if study and tested else []
    by_metric = {test.metric: test for test in tests}
    return [
        by_metric.get(metric)
        or DropTest(metric, base.value(metric), here.value(metric), reasons[metric])
        for metric in metrics
    ]


def margin_tests(runs: pd.DataFrame, study: Study, gate: Gate) -> list[MarginTest]:
    """Test whether the gated measures are not worse than in a study by their margins.

    A change passes only if it passes all tests, and so the test of the network that is worse.
    Therefore the tests need no correction (an intersection-union test; Berger, "Multiparameter
    Hypothesis Testing and Acceptance Sampling", 1982).

    Args:
        runs: runs with the change, with the columns of `study.runs`.
        study: runs before the change.
        gate: margins.
    """
    first, second = study.runs.set_index(SEED), runs.set_index(SEED)
    return [
        _margin_test(metric, first[metric], second[metric], gate)
        for metric in gate.metrics
        if metric in first and metric in second
    ]


def welch_failure_rate(
    drop: float, margin: float, deviation: float, before: int, here: int
) -> float:
    """Return how often Welch's test does not show that a drop is smaller than the margin.

    Args:
        drop: true drop of the mean.
        margin: drop to exclude.
        deviation: standard deviation of the normal values on both sides.
        before: number of values before the change, at least 2.
        here: number of values with the change, at least 2.
    """
    if deviation == 0:
        return float(drop >= margin)
    # The mean is independent of the two sample variances, so average its conditional probability
    # over equally likely values of both.
    first = _variances(before)[:, np.newaxis] / before
    second = _variances(here)[np.newaxis, :] / here
    freedom = (first + second) ** 2 / (first**2 / (before - 1) + second**2 / (here - 1))
    limits = deviation * stats.t.isf(LEVEL, freedom) * np.sqrt(first + second) - margin
    error = deviation * math.sqrt(1 / before + 1 / here)
    return float(special.ndtr((limits + drop) / error).mean())


def _variances(count: int, parts: int = 100) -> NDArray[np.float64]:
    """Return equally likely sample variances of `count` standard normal values."""
    quantiles = stats.chi2.ppf((np.arange(parts) + 0.5) / parts, count - 1)
    return np.asarray(quantiles / (count - 1))


def _reason_for_no_test(metric: str, base: Facts, here: Facts, study: Study | None) -> str:
    before, after = base.value(metric), here.value(metric)
    if before is None:
        return NEW
    if before == after:
        return UNCHANGED
    if metric.split(".")[1] in VALIDATION and base.validation != here.validation:
        return OTHER
    return "" if study is not None and metric in study.runs else UNKNOWN


def _t_tests(metrics: Sequence[str], base: Facts, here: Facts, study: Study) -> list[DropTest]:
    runs, seeds = study.runs[list(metrics)].to_numpy(np.float64), len(study.runs)
    before, after = (np.array([side.value(name) for name in metrics]) for side in (base, here))
    noise = runs.std(axis=0, ddof=1) * math.sqrt(2)
    if study.contains(base.metrics, base.settings):
        before = runs.mean(axis=0)
        noise *= math.sqrt((1 + 1 / seeds) / 2)
    gains = _signs(metrics) * (after - before)
    with np.errstate(divide="ignore"):  # without noise, any difference is shown
        ratios = gains / noise
    falls, rises = (holm(stats.t.sf(sign * ratios, seeds - 1)) for sign in (-1, 1))
    quantile = stats.t.isf(LEVEL / len(metrics), seeds - 1)
    detectable = special.nctdtrinc(seeds - 1, 1 - POWER, quantile) * noise
    verdicts = np.select([falls <= LEVEL, rises <= LEVEL], [WORSE, BETTER], NO_DIFFERENCE)
    columns = (values.tolist() for values in (before, after, verdicts, gains, falls))
    possible = [
        drop if drop < -_lowest_gain(metric) else None
        for metric, drop in zip(metrics, detectable.tolist(), strict=True)
    ]
    return [DropTest(*row) for row in zip(metrics, *columns, possible, strict=True)]


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p-values with Holm's correction.

    Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979.
    """
    order, count = np.argsort(p_values), len(p_values)
    steps = np.arange(count, 0, -1) * p_values[order]
    adjusted = np.empty(count)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def _margin_test(metric: str, before: pd.Series, here: pd.Series, gate: Gate) -> MarginTest:
    """Compare the values of a metric by seed."""
    margin = gate.not_worse[metric.split(".")[1]] / 100
    spreads = statistics.spread(before), statistics.spread(here)
    if dict(here).items() <= dict(before).items():
        return MarginTest(metric, *spreads, UNCHANGED, 0, 0, margin)
    (sign,) = _signs([metric])
    welch = stats.ttest_ind(sign * here, sign * before, equal_var=False, alternative="greater")
    bound = float(welch.confidence_interval(1 - LEVEL).low)
    verdict = NOT_WORSE if bound > -margin else NOT_SHOWN
    gain = float(sign * (here.mean() - before.mean()))
    shown = bound if bound > _lowest_gain(metric) else None
    return MarginTest(metric, *spreads, verdict, gain, shown, margin)


def _lowest_gain(metric: str) -> float:
    """Return the lowest possible gain, -inf if the metric has no bounds."""
    return lowest_value(metric.split(".")[1], difference=True)


def _signs(metrics: Sequence[str]) -> NDArray[np.int64]:
    """Return 1 for each metric of which higher values are better, -1 for the others."""
    return np.array([-1 if name.split(".")[1] in LOWER_IS_BETTER else 1 for name in metrics])
