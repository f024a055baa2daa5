"""The log of settings that were compared on held-out reviews, including those that lost.

It shows what a recipe was chosen from. It has no test results, so that nothing can be chosen by
them.
"""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
from filelock import FileLock

from birnn.evaluation.model_names import TITLES
from birnn.runtime.errors import InputError
from birnn_lab import recipes
from birnn_lab.runs import Run
from birnn_lab.runs import read as read_run
from birnn_lab.setting_text import as_text
from birnn_lab.studies import store, writing
from birnn_lab.studies.store import RECIPE, SEED, About, Study

REVISION_DIGITS = 12


@FileLock(writing.LOCK, timeout=writing.PATIENCE)
def append(runs: Iterable[Run]) -> tuple[int, Study]:
    """Add the runs that hold out reviews to the study `tried`, unless it has them.

    Existing rows stay as they are. Runs on another corpus are left out. Return the
    number of added rows, and the study.
    """
    held_out_runs = {
        f"experiment {run.revision[:REVISION_DIGITS]}": run
        for run in runs
        if holdout_accuracies(run)
    }
    folder = store.FOLDER / writing.TRIED
    if folder.exists():
        log = store.read(folder)
    elif held_out_runs:
        corpus = next(iter(held_out_runs.values())).metrics["corpus"]
        varied = [RECIPE, "settings"]
        about = About("birnn tried", store.describe_corpus(corpus), varied, {}, chooses=True)
        log = Study(folder, about, pd.DataFrame(columns=["name"]))
    else:
        raise InputError("no finished experiment holds out reviews: run some, see birnn recipes")
    known = set(log.runs["name"])
    new = [
        describe(run, name)
        for name, run in held_out_runs.items()
        if name not in known and log.covers(run.metrics["corpus"])
    ]
    new.sort(key=lambda row: row["command"])
    log = replace(log, runs=pd.concat([log.runs, pd.DataFrame(new)]))
    return len(new), writing.write(log, {})


def holdout_accuracies(run: Run) -> dict[str, float]:
    """Return the accuracies on held-out reviews, such as `bigru.holdout_accuracy`, if any."""
    names = [f"{model}.holdout_accuracy" for model in TITLES]
    return {name: run.measures[name] for name in names if name in run.measures}


def describe(run: Run, name: str) -> dict[str, Any]:
    """Return the row of a run that holds out reviews.

    It has the recipe that the run is closest to, if any, the settings that differ from this recipe
    or else from the defaults, a command that repeats the run, and the commit that it started from.
    """
    defaults = read_run(run.baseline).settings
    recipe, changes = closest_recipe(run.settings, defaults)
    return {
        "name": name,
        RECIPE: recipe,
        "settings": " ".join(_options(changes)),
        SEED: run.settings[SEED],
        **holdout_accuracies(run),
        "command": sweep_command(recipe, changes, run.settings[SEED]),
        "commit": run.baseline[:REVISION_DIGITS],
    }


def closest_recipe(
    settings: Mapping[str, Any], defaults: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Return the name of the recipe that differs least from `settings`, and the differences.

    In a tie, it is the earlier recipe. The seed is no difference. The name is empty if no recipe is
    closer than the defaults. All settings are by full name.
    """
    seed = {SEED: settings[SEED]}
    starts = {"": seed}
    for recipe in recipes.read().values():
        starts[recipe.name] = recipe.with_changes(seed)
    differences = {}
    for name, changes in starts.items():
        base = {**defaults, **changes}
        differences[name] = {
            key: value for key, value in settings.items() if base.get(key) != value
        }
    return min(differences.items(), key=lambda item: len(item[1]))


def sweep_command(recipe: str, settings: Mapping[str, Any], seed: int | str) -> str:
    """Return the command that runs a recipe, or the defaults, with other settings and seeds."""
    options = ["-r", recipe] if recipe else []
    for setting in _options({**settings, SEED: seed}):
        options += ["-S", setting]
    return shlex.join(["birnn", "sweep", *options])


def _options(settings: Mapping[str, Any]) -> list[str]:
    return [f"{key}={as_text(value)}" for key, value in settings.items()]
