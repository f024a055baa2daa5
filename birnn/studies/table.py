"""The tables of a study: means of models, differences of networks, gains of recipes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from birnn.evaluation.intervals import LOWER_IS_BETTER, NO_DIFFERENCE, TOO_FEW_SEEDS, lowest_value
from birnn.evaluation.metrics import is_correct
from birnn.evaluation.model_names import TITLES
from birnn.studies import differences
from birnn.studies.differences import MEASURES, Difference, Mean
from birnn.studies.study import RECIPE, SEED, Combination, Study

Pair = tuple[str, str]
TITLES_OF_MEASURES = {"accuracy": "accuracy", "loss": "loss", "roc_auc": "ROC AUC"}


@dataclass(frozen=True)
class Row:
    """The results of one combination of values.

    Attributes:
        combination: the runs.
        means: accuracy by model; intervals cover seeds only.
        differences: by pair of networks and measure, of the runs of a seed.
        covered: what the intervals of the differences cover: `seeds`, or `seeds and reviews`.
    """

    combination: Combination
    means: dict[str, Mean]
    differences: dict[Pair, dict[str, Difference]]
    covered: str


@dataclass(frozen=True)
class Gain:
    """The gain of a recipe over the recipe that it adds to, paired by seed.

    Attributes:
        recipe: name of the recipe.
        base: name of the other recipe.
        difference: of the networks' mean test accuracy. Its interval is simultaneous with those of
            all other gains of the study. None if the two share no seed.
        covered: what the interval covers.
    """

    recipe: str
    base: str
    difference: Difference | None
    covered: str


def rows(study: Study) -> list[Row]:
    """Return one row per combination of values.

    The intervals of the differences of a row are simultaneous, for all measures and pairs.
    """
    return [_row(study, combination) for combination in study.combinations()]


def _row(study: Study, combination: Combination) -> Row:
    runs = combination.runs
    measure = "holdout_accuracy" if study.about.chooses else "accuracy"
    means = {
        model: differences.mean_over_seeds(runs[f"{model}.{measure}"], lowest=0)
        for model in study.models
    }
    pairs = list(combinations(study.networks, 2))
    covered = "seeds" if study.reviews is None else "seeds and reviews"
    compared = {pair: _difference(study, runs, pair, len(pairs)) for pair in pairs}
    return Row(combination, means, compared, covered)


def _difference(study: Study, runs: pd.DataFrame, pair: Pair, pairs: int) -> dict[str, Difference]:
    if study.reviews is not None:
        first, second = (study.log_odds(network, runs) for network in pair)
        labels, groups = (study.reviews[name].to_numpy() for name in ("label", "group"))
        comparisons = pairs * len(MEASURES)
        return differences.compute_differences(first, second, labels, groups, comparisons)
    measures = ["holdout_accuracy"] if study.about.chooses else list(MEASURES)
    found = [measure for measure in measures if f"{pair[0]}.{measure}" in runs]
    return {
        measure: differences.difference_over_seeds(
            *(runs[f"{network}.{measure}"] for network in pair), measure, pairs * len(found)
        )
        for measure in found
    }


def verdict(difference: Difference, first: str, second: str, measure: str = "accuracy") -> str:
    """Return which of two is better, if the interval excludes 0."""
    if np.isnan(difference.low):
        return TOO_FEW_SEEDS
    if difference.low <= 0 <= difference.high:
        return NO_DIFFERENCE
    is_first = (difference.mean > 0) != (measure in LOWER_IS_BETTER)
    return f"{first if is_first else second} is better"


def headline(compared: Mapping[str, Difference], pair: Pair) -> str:
    """Return which of two networks is better by which measures."""
    first, second = (f"the {TITLES[name]}" for name in pair)
    found: dict[str, list[str]] = {}
    for measure, title in TITLES_OF_MEASURES.items():
        if measure in compared:
            found.setdefault(verdict(compared[measure], first, second, measure), []).append(title)
    return "; ".join(f"{text}: {', '.join(measures)}" for text, measures in found.items())


def gains(study: Study) -> list[Gain]:
    """Return the gain of each recipe of a study over the recipe that it adds to."""
    by_recipe = {
        combination.values[RECIPE]: combination.runs for combination in study.combinations()
    }
    pairs = [
        (recipe["name"], recipe["base"])
        for recipe in study.about.recipes
        if {recipe["name"], recipe["base"]} <= by_recipe.keys()
    ]
    covered = "seeds" if study.reviews is None else "seeds and reviews"
    return [
        Gain(name, base, _gain(study, by_recipe[name], by_recipe[base], len(pairs)), covered)
        for name, base in pairs
    ]


def _gain(
    study: Study, runs: pd.DataFrame, base: pd.DataFrame, comparisons: int
) -> Difference | None:
    seeds = sorted(set(runs[SEED]) & set(base[SEED]))
    if not seeds:
        return None
    both = [table.set_index(SEED, drop=False).loc[seeds] for table in (runs, base)]
    if study.reviews is None:
        names = [f"{network}.accuracy" for network in study.networks]
        accuracies = (table[names].mean(axis=1) for table in both)
        return differences.difference_over_seeds(*accuracies, "accuracy", comparisons)
    labels, groups = (study.reviews[name].to_numpy() for name in ("label", "group"))
    correct = [
        np.mean(
            [is_correct(labels, study.log_odds(network, table)) for network in study.networks],
            axis=0,
        )
        for table in both
    ]
    return differences.difference_of_values(*correct, groups, comparisons)
