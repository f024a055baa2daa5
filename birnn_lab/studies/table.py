"""The tables of a study: means of models, differences of networks, gains of recipes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.evaluation.metrics import is_correct
from birnn.style import formatting
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
    # By pair of networks and by measure; paired by seed.
    differences: dict[Pair, dict[str, Difference]]
    covered: str  # what the intervals of the differences cover, such as `seeds and films`

    @property
    def confidence(self) -> str:
        """The confidence of one interval, with which all differences together have 95%."""
        return formatting.confidence(sum(map(len, self.differences.values())))


@dataclass(frozen=True)
class Gain:
    """The gain of a recipe over the recipe `base` that it adds to, and what its interval covers.

    The difference is of the networks' mean test accuracy, paired by seed.
    """

    recipe: str
    base: str
    difference: Difference
    covered: str


@cache  # of a study of recipes, they take seconds
def rows(study: Study) -> list[Row]:
    """Return one row per combination of values.

    The intervals of the differences of a row are simultaneous, for all measures and pairs.
    """
    return [_row(study, combination) for combination in study.combinations()]


def _row(study: Study, combination: Combination) -> Row:
    runs, log_odds = combination.runs, study.log_odds(combination.runs)
    means = {
        model: differences.mean_over_seeds(runs[f"{model}.{study.measure}"])
        for model in study.models
    }
    pairs = list(combinations(study.networks, 2))
    compared = {pair: _compare(study, runs, log_odds, pair, len(pairs)) for pair in pairs}
    return Row(combination, means, compared, _covered(study, log_odds))


def _covered(study: Study, log_odds: Mapping[str, Any]) -> str:
    """Return what intervals cover, with or without predictions."""
    groups = f" and {group_kind(study.about.corpus['name'])}" if log_odds else ""
    return study.repeats + groups


def _compare(
    study: Study,
    runs: pd.DataFrame,
    log_odds: Mapping[str, NDArray[np.float32]],
    pair: Pair,
    pairs: int,
) -> dict[str, Difference]:
    first, second = pair
    if log_odds:
        labels, groups = study.labels_and_groups()
        return differences.compute_differences(
            log_odds[first], log_odds[second], labels, groups, pairs * len(REVIEW_VALUES)
        )
    measures = [study.measure] if study.about.chooses else list(REVIEW_VALUES)
    known = [measure for measure in measures if f"{first}.{measure}" in runs]
    return {
        measure: differences.difference_over_seeds(
            runs[f"{first}.{measure}"], runs[f"{second}.{measure}"], measure, pairs * len(known)
        )
        for measure in known
    }


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
def gains(study: Study) -> list[Gain]:
    """Return the gain of each recipe of a study of recipes over the recipe that it adds to.

    Both must share a seed. The intervals of all gains are simultaneous.
    """
    if study.about.varied != [RECIPE]:
        return []
    runs = {
        combination.chosen[RECIPE]: combination.runs.set_index(SEED, drop=False)
        for combination in study.combinations()
    }
    pairs = [
        (recipe["name"], recipe["base"])
        for recipe in study.about.recipes
        if runs.keys() >= {recipe["name"], recipe["base"]}
    ]
    computed = (_gain(study, pair, [runs[name] for name in pair], len(pairs)) for pair in pairs)
    return [gain for gain in computed if gain]


def _gain(study: Study, pair: Pair, runs: Sequence[pd.DataFrame], comparisons: int) -> Gain | None:
    """Return the gain of the first recipe of a pair, None if the two share no seed."""
    seeds = sorted(set.intersection(*(set(table.index) for table in runs)))
    if not seeds:
        return None
    both = [table.loc[seeds] for table in runs]
    log_odds = [study.log_odds(table) for table in both]
    if all(log_odds):
        labels, groups = study.labels_and_groups()
        first, second = (
            np.mean([is_correct(labels, odds[name]) for name in study.networks], axis=0)
            for odds in log_odds
        )
        difference = differences.estimate_difference(
            first - second, labels, groups, "accuracy", comparisons
        )
        return Gain(*pair, difference, _covered(study, log_odds[0]))
    names = [f"{network}.accuracy" for network in study.networks]
    first, second = (table[names].mean(axis=1) for table in both)
    difference = differences.difference_over_seeds(first, second, "accuracy", comparisons)
    return Gain(*pair, difference, _covered(study, {}))
