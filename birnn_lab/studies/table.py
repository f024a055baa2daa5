"""The tables of a study: means of models, differences of networks, gains of recipes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.style.formatting import NOTHING
from birnn_lab.studies import differences
from birnn_lab.studies.differences import ALL_EQUAL, REVIEW_VALUES, ROUNDING_ERROR, Difference, Mean
from birnn_lab.studies.store import RECIPE, SEED, Combination, Study, group_kind

Pair = tuple[str, str]


@dataclass(frozen=True)
class Row:
    """The results of one combination of values."""

    combination: Combination  # the runs
    means: dict[str, Mean]  # accuracy by model; intervals cover seeds only
    # Of accuracies, by pair of networks, paired by seed; all intervals of a study hold together.
    differences: dict[Pair, Difference]
    comparisons: int  # number of these intervals
    covered: str  # what they cover, such as `seeds and films`


@dataclass(frozen=True)
class Gain:
    """The gain of a row over the recipe that it adds to, or over the first row; paired by seed."""

    over: str  # label of the other row
    difference: Difference  # in the mean test accuracy of all networks
    by_network: dict[str, Difference]


class Side(NamedTuple):
    """One side of a difference: runs of a study, and the networks whose mean counts."""

    study: Study
    runs: pd.DataFrame
    networks: Sequence[str]


def paired_difference(first: Side, second: Side, measure: str, *, comparisons: int) -> Difference:
    """Return the difference of a measure, over the seeds that both sides have.

    With predictions, the interval covers groups of reviews, too, if the measure is a mean over
    reviews.
    """
    sides = first, second
    seeds = sorted({*first.runs[SEED]} & {*second.runs[SEED]})
    tables = [side.runs.set_index(SEED, drop=False).loc[seeds] for side in sides]
    log_odds = [side.study.log_odds(table) for side, table in zip(sides, tables, strict=True)]
    if measure in REVIEW_VALUES and all(log_odds):
        labels, groups = first.study.labels_and_groups()
        values = [
            np.mean([REVIEW_VALUES[measure](labels, odds[name]) for name in side.networks], axis=0)
            for side, odds in zip(sides, log_odds, strict=True)
        ]
        gains = values[0] - values[1]
        return differences.estimate_difference(gains, labels, groups, measure, comparisons)
    one, other = (
        table[[f"{network}.{measure}" for network in side.networks]].mean(axis=1)
        for side, table in zip(sides, tables, strict=True)
    )
    return differences.difference_over_seeds(one, other, measure, comparisons)


@cache  # of a study of recipes, they take seconds
def rows(study: Study) -> list[Row]:
    """Return one row per combination of values."""
    combined, pairs = study.combinations(), list(combinations(study.networks, 2))
    return [_row(study, each, pairs, len(combined) * len(pairs)) for each in combined]


def _row(study: Study, combination: Combination, pairs: Sequence[Pair], comparisons: int) -> Row:
    runs = unrounded(study, combination.runs)
    means = {
        model: differences.mean_over_seeds(runs[f"{model}.{study.measure}"])
        for model in study.models
    }
    sides = {name: Side(study, runs, [name]) for name in study.networks}
    compared = {
        (one, other): paired_difference(
            sides[one], sides[other], study.measure, comparisons=comparisons
        )
        for one, other in pairs
    }
    covered = coverage(study, combination.runs, study.measure)
    return Row(replace(combination, runs=runs), means, compared, comparisons, covered)


def unrounded(study: Study, runs: pd.DataFrame) -> pd.DataFrame:
    """Return runs with the measures of their predictions, which `runs.csv` has rounded."""
    columns = dict[str, NDArray[np.float64]]()
    for model, odds in study.log_odds(runs).items():
        labels, _ = study.labels_and_groups()
        for measure, values in REVIEW_VALUES.items():
            rows = labels == 1 if measure == "roc_auc" else slice(None)
            columns[f"{model}.{measure}"] = values(labels, odds)[:, rows].mean(axis=1)
    return runs.assign(**columns)


def coverage(study: Study, runs: pd.DataFrame, measure: str) -> str:
    """Return what the intervals of a measure cover."""
    has_groups = measure in REVIEW_VALUES and study.log_odds(runs)
    return study.repeats + f" and {group_kind(study.about.corpus['name'])}" * bool(has_groups)


def format_mean(mean: Mean, measure: str = "accuracy") -> str:
    """Format a mean over seeds and the deviation of seeds: of accuracies in percent."""
    if not mean.seeds:
        return NOTHING
    scale, digits = _precision(measure)
    values = [scale * mean.mean, scale * mean.standard_error * math.sqrt(mean.seeds)]
    return " ± ".join(f"{value:.{digits}f}" for value in values[: mean.seeds])


def _precision(measure: str) -> tuple[int, int]:
    """Return the factor and the number of digits with which a measure is shown."""
    return (100, 2) if "accuracy" in measure else (1, 4)


def format_difference(difference: Mean, measure: str = "accuracy") -> str:
    """Format a difference and its interval: of accuracies in points."""
    scale, digits = _precision(measure)
    mean, low, high = (
        f"{scale * value:+.{digits}f}".replace("-", "−")
        for value in (difference.mean, difference.low, difference.high)
    )
    reason = why_no_interval(difference)
    return f"{mean} ({reason})" if reason else f"{mean} ({low} to {high})"


def why_no_interval(difference: Mean) -> str:
    """Return why a difference has no interval, empty if it has one."""
    if not math.isnan(difference.low):
        return ""
    if difference.standard_error < ROUNDING_ERROR:
        return ALL_EQUAL
    one_group = difference.seeds > 1 and math.isnan(difference.standard_error)
    return "only one group of reviews" if one_group else "too few seeds"


@cache
def gains(study: Study) -> dict[str, Gain]:
    """Return the gain of each row that has a row to compare with and shares a seed with it.

    The intervals of all gains of a network, or of the mean, are simultaneous.
    """
    runs = {row.label: row.runs for row in study.combinations()}
    first, *others = runs
    bases = {recipe["name"]: recipe["base"] for recipe in study.about.recipes}
    bases = bases if study.about.varied == [RECIPE] else dict.fromkeys(others, first)
    pairs = {
        label: base
        for label, base in bases.items()
        if {label, base} <= {*runs} and {*runs[label][SEED]} & {*runs[base][SEED]}
    }

    def gain(networks: Sequence[str], label: str, base: str) -> Difference:
        first, second = (Side(study, runs[name], networks) for name in (label, base))
        return paired_difference(first, second, "accuracy", comparisons=len(pairs))

    return {
        label: Gain(
            base,
            gain(study.networks, label, base),
            {name: gain([name], label, base) for name in study.networks},
        )
        for label, base in pairs.items()
    }
