"""The ladder stored in git: the results of recipes, each of which adds to another one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from birnn.core.outputs import read_json
from birnn.evaluation.intervals import TOO_FEW_SEEDS, Interval
from birnn.evaluation.model_names import ALL, BASELINE, NETWORK_BLEND, NETWORKS
from birnn.reporting import statistics
from birnn.reporting.formatting import NOTHING
from birnn.reporting.references import Inputs, Published
from birnn.reporting.study import CORPUS_FIELDS

RUNS, ABOUT = "runs.csv", "ladder.json"


@dataclass(frozen=True)
class Result:
    """The results of one model of a recipe over seeds.

    Attributes:
        seeds: number of seeds.
        test: mean accuracy on the test reviews.
        deviation: standard deviation of that accuracy, NaN for a single seed.
        interval: 95% interval of the mean over seeds, None if there are too few seeds.
        held_out: mean accuracy on the held-out reviews.
        seconds: shortest training time over seeds, including the stages before it. All seeds do the
            same work, so a longer time is due to other load on the machine.
        by_seed: accuracy on the test reviews, by seed.
    """

    seeds: int
    test: float
    deviation: float
    interval: Interval | None
    held_out: float
    seconds: float
    by_seed: "pd.Series[float]"

    @property
    def gap(self) -> float:
        """The accuracy on the test reviews minus the accuracy on the held-out reviews."""
        return self.test - self.held_out


@dataclass(frozen=True)
class Rung:
    """A recipe and its results.

    Attributes:
        name: name of the recipe.
        after: name of the recipe that it adds to, None for the first.
        title: description of what it adds.
        added: settings that it adds, by full name.
        settings: all its settings, by full name.
        inputs: the inputs of its networks.
        models: results by model, including the blends `networks` and `all`.
        over_seeds: results of `networks` and `all` blended over all seeds.
    """

    name: str
    after: str | None
    title: str
    added: dict[str, Any]
    settings: dict[str, Any]
    inputs: Inputs
    models: dict[str, Result]
    over_seeds: dict[str, Result]


@dataclass(frozen=True)
class Gain:
    """The gain of a rung over the rung that it adds to.

    Attributes:
        number: number of the rung, counted from 1.
        rung: the rung.
        after_number: number of the rung that it adds to.
        spread: gain in mean test accuracy of the networks, one value per seed. Its interval is
            simultaneous with the intervals of all other gains. None if the two rungs share no seed.
    """

    number: int
    rung: Rung
    after_number: int
    spread: statistics.Spread | None

    @property
    def verdict(self) -> str:
        """The verdict from the interval over seeds; a dash if the two rungs share no seed."""
        if not self.spread:
            return NOTHING
        if not self.spread.interval:
            return TOO_FEW_SEEDS
        low, high = self.spread.interval
        return "a gain" if low > 0 else "a loss" if high < 0 else "not shown"


@dataclass(frozen=True)
class Comparison:
    """The best results with the same inputs.

    Attributes:
        inputs: the inputs of the networks.
        number: number of the rung, counted from 1; None if no rung has these inputs.
        rung: the rung with the highest mean accuracy of the networks on the held-out reviews.
        published: the most accurate published result; None if there is none with these inputs.
    """

    inputs: Inputs
    number: int | None
    rung: Rung | None
    published: Published | None

    @property
    def is_published_better(self) -> bool | None:
        """True if the published result beats all networks of the rung; None without a pair."""
        if not self.rung or not self.published:
            return None
        networks = [result.test for name, result in self.rung.models.items() if name in NETWORKS]
        return self.published.accuracy > max(networks)


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
            self.corpus[key] == corpus.get(key) for key in CORPUS_FIELDS
        )

    @property
    def networks(self) -> list[str]:
        """The networks of the ladder."""
        return [name for name in self.rungs[0].models if name not in {BASELINE, NETWORK_BLEND, ALL}]

    def chosen(self, model: str) -> Rung:
        """Return the rung with a model's highest accuracy on the held-out reviews."""
        return max(self.rungs, key=lambda rung: rung.models[model].held_out)

    def gains(self) -> list[Gain]:
        """Return the gain of each rung over the one that it adds to, paired by seed."""
        accuracies = {
            rung.name: pd.DataFrame(
                {name: rung.models[name].by_seed for name in self.networks}
            ).mean(axis=1)
            for rung in self.rungs
        }
        numbers = {name: number for number, name in enumerate(accuracies, start=1)}
        gains = []
        for rung in self.rungs:
            if rung.after is None:
                continue
            differences = (accuracies[rung.name] - accuracies[rung.after]).dropna()
            spread = (
                statistics.spread(differences, len(self.rungs) - 1, lowest=-1)
                if len(differences)
                else None
            )
            gains.append(Gain(numbers[rung.name], rung, numbers[rung.after], spread))
        return gains

    def compare(self, published: Sequence[Published]) -> list[Comparison]:
        """Compare the best rung and the best published result for each set of inputs."""
        rungs = dict(enumerate(self.rungs, start=1))
        all_inputs = [rung.inputs for rung in self.rungs] + [result.inputs for result in published]
        comparisons = []
        for inputs in dict.fromkeys(all_inputs):
            numbers = [number for number, rung in rungs.items() if rung.inputs == inputs]
            number = max(numbers, key=lambda each: self._held_out(rungs[each]), default=None)
            results = [result for result in published if result.inputs == inputs]
            best = max(results, key=lambda result: result.accuracy, default=None)
            comparisons.append(Comparison(inputs, number, rungs.get(number or 0), best))
        return comparisons

    def _held_out(self, rung: Rung) -> float:
        return sum(rung.models[name].held_out for name in self.networks)


def read(folder: Path) -> Ladder | None:
    """Read the ladder in a folder, or return None if there is none."""
    if not (folder / ABOUT).exists():
        return None
    description, runs = read_json(folder / ABOUT), pd.read_csv(folder / RUNS)
    rungs = []
    inherited: dict[str | None, dict[str, Any]] = {None: {}}
    for recipe in description["recipes"]:
        settings = inherited[recipe["after"]] | recipe["settings"]
        inherited[recipe["name"]] = settings
        recipe_runs = runs[runs["recipe"] == recipe["name"]]
        rungs.append(
            Rung(
                name=recipe["name"],
                after=recipe["after"],
                title=recipe["title"],
                added=recipe["settings"],
                settings=settings,
                inputs=Inputs(
                    unlabelled=settings.get("word_vectors.reviews") == "all"
                    or settings.get("train.self_training", False),
                    ngrams=settings.get("ngrams.longest", 0) > 0,
                ),
                models=_results(recipe_runs[recipe_runs["seed"].ne("all")]),
                over_seeds=_results(recipe_runs[recipe_runs["seed"].eq("all")]),
            )
        )
    return Ladder(description["corpus"], description["machines"], rungs)


def _results(runs: pd.DataFrame) -> dict[str, Result]:
    return {str(model): _result(rows) for model, rows in runs.groupby("model", sort=False)}


def _result(rows: pd.DataFrame) -> Result:
    spread = statistics.spread(rows["test"], lowest=0)
    return Result(
        seeds=spread.seeds,
        test=spread.mean,
        deviation=math.nan if spread.deviation is None else spread.deviation,
        interval=spread.interval,
        held_out=float(rows["held_out"].mean()),
        seconds=float(rows["seconds"].min()),
        by_seed=rows.set_index("seed")["test"],
    )
