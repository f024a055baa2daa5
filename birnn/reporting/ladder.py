"""The ladder stored in git: the results of recipes, each of which adds to the one before."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from birnn.core.outputs import read_json
from birnn.evaluation.intervals import Interval
from birnn.evaluation.model_names import ALL, BASELINE, COMBINED, NETWORKS
from birnn.reporting import statistics
from birnn.reporting.study import CORPUS

RUNS, ABOUT = "runs.csv", "ladder.json"


@dataclass(frozen=True)
class Result:
    """The results of one model of a recipe over seeds.

    Attributes:
        seeds: number of seeds.
        test: mean accuracy on the test reviews.
        deviation: standard deviation of that accuracy, NaN for a single seed.
        interval: 95% interval of the mean over seeds, None for a single seed.
        held_out: mean accuracy on the held-out reviews.
        seconds: shortest training time over seeds, including the stages before it. All seeds do the
            same work, so a longer time is due to other load on the machine.
    """

    seeds: int
    test: float
    deviation: float
    interval: Interval | None
    held_out: float
    seconds: float

    @property
    def gap(self) -> float:
        """The accuracy on the test reviews minus the accuracy on the held-out reviews."""
        return self.test - self.held_out


@dataclass(frozen=True)
class Rung:
    """A recipe and its results.

    Attributes:
        name: name of the recipe.
        title: description of what it adds to the recipe before it.
        settings: settings that it adds, by full name.
        models: results by model, including the blends `networks` and `all`.
        over_seeds: results of `networks` and `all` blended over all seeds.
    """

    name: str
    title: str
    settings: dict[str, Any]
    models: dict[str, Result]
    over_seeds: dict[str, Result]


@dataclass(frozen=True)
class Ladder:
    """All recipes, starting with the plain networks.

    Attributes:
        corpus: description of the corpus, as in the metrics.
        machines: description of the machines that the times were measured on.
        rungs: the recipes.
    """

    corpus: dict[str, Any]
    machines: str
    rungs: list[Rung]

    def matches(self, corpus: Mapping[str, Any]) -> bool:
        """Return whether the ladder was measured on this corpus, with networks in the registry."""
        return set(self.networks) <= set(NETWORKS) and all(
            self.corpus[key] == corpus.get(key) for key in CORPUS
        )

    @property
    def networks(self) -> list[str]:
        """The networks of the ladder."""
        return [name for name in self.rungs[0].models if name not in {BASELINE, COMBINED, ALL}]

    def chosen(self, model: str) -> Rung:
        """Return the rung with a model's highest accuracy on the held-out reviews."""
        return max(self.rungs, key=lambda rung: rung.models[model].held_out)

    def gains(self) -> list[tuple[Rung, float]]:
        """Return each rung's gain in mean test accuracy of the networks, largest first."""
        means = [np.mean([rung.models[name].test for name in self.networks]) for rung in self.rungs]
        steps = zip(self.rungs[1:], np.diff(means).tolist(), strict=True)
        return sorted(steps, key=lambda step: -step[1])


def read(folder: Path) -> Ladder | None:
    """Read the ladder in a folder, or return None if there is none."""
    if not (folder / ABOUT).exists():
        return None
    description, runs = read_json(folder / ABOUT), pd.read_csv(folder / RUNS)
    rungs = [
        Rung(
            name=recipe["name"],
            title=recipe["title"],
            settings=recipe["settings"],
            models=_results(runs[(runs["recipe"] == recipe["name"]) & runs["seed"].ne("all")]),
            over_seeds=_results(runs[(runs["recipe"] == recipe["name"]) & runs["seed"].eq("all")]),
        )
        for recipe in description["recipes"]
    ]
    return Ladder(description["corpus"], description["machines"], rungs)


def _results(runs: pd.DataFrame) -> dict[str, Result]:
    return {str(model): _result(rows) for model, rows in runs.groupby("model", sort=False)}


def _result(rows: pd.DataFrame) -> Result:
    spread = statistics.spread(rows["test"])
    return Result(
        seeds=spread.seeds,
        test=spread.mean,
        deviation=math.nan if spread.deviation is None else spread.deviation,
        interval=spread.interval,
        held_out=float(rows["held_out"].mean()),
        seconds=float(rows["seconds"].min()),
    )
