"""The log of settings that were compared on held-out reviews, including those that lost.

It shows what a recipe was chosen from. It has no test results, so that nothing can be chosen by
them.
"""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import dvc.api
import pandas as pd

from birnn.core.outputs import atomic_file
from birnn.core.paths import STUDIES
from birnn.core.settings import flatten
from birnn.experiments.recipes import Recipe
from birnn.experiments.runs import Run
from birnn.reporting.study import SEED

FILE = STUDIES / "tried.csv"
REVISION_DIGITS = 12

Row = dict[str, str]
Settings = Mapping[str, Any]


def append(
    runs: Iterable[Run],
    recipes: Sequence[Recipe],
    file: Path = FILE,
    stopped: Mapping[str, Run] | None = None,
) -> tuple[int, int]:
    """Add the runs that hold out reviews and are not in the log yet.

    Runs that were stopped before they had a result are added without one, by their source.

    Existing rows stay as they are. Each row has:

    - recipe: the recipe that the run is closest to, if any;
    - settings: the settings that differ from this recipe, or from the defaults without one;
    - seed, corpus: the seed, and the name of the corpus;
    - held_out.MODEL: the accuracy of each model on the held-out reviews;
    - command: a command that repeats the run;
    - commit: the commit that the run started from, whose code and defaults it used;
    - source: the revision of the experiment, or why there is none.

    Returns:
        The number of added rows, and the number of all rows.
    """
    # As text, so that existing rows are written as they were read.
    log = pd.read_csv(file, dtype=str, keep_default_na=False) if file.exists() else pd.DataFrame()
    known = set(log["source"]) if len(log) else set()
    sources = {_source(run): run for run in runs if held_out(run)} | dict(stopped or {})
    new = [describe(run, recipes, source) for source, run in sources.items() if source not in known]
    if new:
        new.sort(key=lambda row: row["command"])
        log = pd.concat([log, pd.DataFrame(new)], ignore_index=True).fillna("")
        with atomic_file(file) as part:
            log.to_csv(part, index=False, lineterminator="\n")
    return len(new), len(log)


def held_out(run: Run) -> dict[str, float]:
    """Return the accuracy of each model on held-out reviews; empty if the run holds out none."""
    if not isinstance(run.params["pad"]["validation"], float):
        return {}
    return {
        model: metrics["holdout_accuracy"]
        for model, metrics in run.metrics.items()
        if "holdout_accuracy" in metrics
    }


def describe(run: Run, recipes: Sequence[Recipe], source: str) -> Row:
    """Return the row of a run that holds out reviews."""
    params = flatten(run.params)
    defaults = flatten(dvc.api.params_show(rev=run.baseline))
    recipe, settings = closest_recipe(params, defaults, recipes)
    return {
        "recipe": recipe,
        "seed": str(params[SEED]),
        "settings": " ".join(_options(settings)),
        "corpus": run.metrics["corpus"]["name"],
        **{f"held_out.{model}": str(accuracy) for model, accuracy in held_out(run).items()},
        "command": command(recipe, settings, params[SEED]),
        "commit": run.baseline[:REVISION_DIGITS],
        "source": source,
    }


def closest_recipe(
    params: Settings, defaults: Settings, recipes: Sequence[Recipe]
) -> tuple[str, dict[str, Any]]:
    """Return the name of the recipe that differs least from `params`, and the differences.

    In a tie, it is the earlier recipe. The seed is no difference. The name is empty if no recipe is
    closer than the defaults. All settings are by full name.
    """
    changes = {SEED: params[SEED]}
    bases = {"": {**defaults, **changes}}
    bases |= {recipe.name: {**defaults, **recipe.with_seed(changes)} for recipe in recipes}
    differences = {
        name: {key: value for key, value in params.items() if base.get(key) != value}
        for name, base in bases.items()
    }
    return min(differences.items(), key=lambda item: len(item[1]))


def command(recipe: str, settings: Settings, seed: int | str) -> str:
    """Return the command that runs a recipe, or the defaults, with other settings and seeds."""
    start = ["birnn", "sweep", *(["-r", recipe] if recipe else [])]
    options = [part for option in _options({**settings, SEED: seed}) for part in ("-S", option)]
    return shlex.join([*start, *options])


def _source(run: Run) -> str:
    return f"experiment {run.revision[:REVISION_DIGITS]}"


def _options(settings: Settings) -> list[str]:
    """Format settings as `birnn sweep` reads them: text without quotes, the rest as in YAML."""
    return [
        f"{key}={value if isinstance(value, str) else json.dumps(value)}"
        for key, value in settings.items()
    ]
