"""The ladder as it stands in git: recipes that each add something, and how well they read."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from birnn.core.outputs import read_json
from birnn.evaluation.intervals import Interval
from birnn.evaluation.model_names import NETWORKS
from birnn.reporting import statistics
from birnn.reporting.study import CORPUS

RUNS, ABOUT = "runs.csv", "ladder.json"


@dataclass(frozen=True)
class Result:
    """What one model of a recipe did, over seeds.

    Attributes:
        seeds: number of seeds.
        test: mean accuracy on the test reviews.
        deviation: its standard deviation, NaN of one seed.
        interval: its 95 % interval over seeds, None of one seed.
        held_out: mean accuracy on the reviews that were held out.
        seconds: least time of training, with all that comes before it: each seed does the same, and
            other work on the machine can only slow it down.
    """

    seeds: int
    test: float
    deviation: float
    interval: Interval | None
    held_out: float
    seconds: float

    @property
    def gap(self) -> float:
        """The accuracy on the test reviews less that on the held-out ones."""
        return self.test - self.held_out


@dataclass(frozen=True)
class Rung:
    """A recipe.

    Attributes:
        name: of the recipe.
        title: what it adds to the one before.
        settings: what it adds, by full names.
        models: results by model, `networks` and `all` among them.
        over_seeds: test accuracy of the blends of all seeds, by `networks` and `all`.
    """

    name: str
    title: str
    settings: dict[str, Any]
    models: dict[str, Result]
    over_seeds: dict[str, Result]


@dataclass(frozen=True)
class Ladder:
    """All recipes, from the bottom.

    Attributes:
        corpus: what the metrics say of the corpus.
        machines: on which the times were taken.
        rungs: the recipes.
    """

    corpus: dict[str, Any]
    machines: str
    rungs: list[Rung]

    def is_of(self, corpus: Mapping[str, Any]) -> bool:
        """Tell whether it is of this corpus."""
        return all(self.corpus[key] == corpus.get(key) for key in CORPUS)

    def chosen(self, model: str) -> Rung:
        """Return the rung on which a model reads the held-out reviews best."""
        return max(self.rungs, key=lambda rung: rung.models[model].held_out)

    def gains(self) -> list[tuple[Rung, float]]:
        """Return what each rung adds to the networks' mean test accuracy, the most first."""
        means = [np.mean([rung.models[name].test for name in NETWORKS]) for rung in self.rungs]
        steps = zip(self.rungs[1:], np.diff(means).tolist(), strict=True)
        return sorted(steps, key=lambda step: -step[1])


def read(folder: Path) -> Ladder | None:
    """Read the ladder in a folder, None where there is none."""
    if not (folder / ABOUT).exists():
        return None
    about, runs = read_json(folder / ABOUT), pd.read_csv(folder / RUNS)
    rungs = [
        Rung(
            name=recipe["name"],
            title=recipe["title"],
            settings=recipe["settings"],
            models=_results(runs[(runs["recipe"] == recipe["name"]) & runs["seed"].ne("all")]),
            over_seeds=_results(runs[(runs["recipe"] == recipe["name"]) & runs["seed"].eq("all")]),
        )
        for recipe in about["recipes"]
    ]
    return Ladder(about["corpus"], about["machines"], rungs)


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
