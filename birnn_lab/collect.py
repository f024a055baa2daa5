"""Studies from the experiments of a sweep."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pandas as pd
from filelock import FileLock

from birnn.evaluation.model_names import ALL_TITLES, TITLES
from birnn.runtime.errors import InputError
from birnn_lab import experiments, training_times
from birnn_lab import recipes as stored_recipes
from birnn_lab.experiments import Run
from birnn_lab.grid import SEPARATOR
from birnn_lab.recipes import Recipe
from birnn_lab.setting_text import as_text, differing
from birnn_lab.studies import store, writing
from birnn_lab.studies.store import (
    FOLLOWING_SEEDS,
    HELD_OUT,
    RECIPE,
    SEED,
    About,
    Study,
)

CORPUS = "corpus"  # compared like a setting
LABEL = "label"


@FileLock(writing.LOCK, timeout=writing.PATIENCE)
def study(name: str) -> Study:
    """Add the experiments of a sweep on this commit to `study/NAME`, and return the study.

    Rows that the study has already stay as they are. Experiments of several recipes are compared by
    recipe, and otherwise by all settings that the sweep chose.
    """
    store.check_name(name)
    folder = store.FOLDER / name
    old = store.read(folder) if (folder / store.ABOUT).exists() else None
    known = set(old.runs["name"]) if old else set()
    runs = {label: run for label, run in experiments.find(name).items() if label not in known}
    by_hand = [run.name for run in runs.values() if not run.chosen]
    if by_hand:
        raise InputError(f"no sweep ran {by_hand[0]}: give it another name with dvc exp rename")
    if old and not runs:
        return old
    if not runs:
        raise InputError(
            f"this commit has no experiments {name}{SEPARATOR}… and no {folder}: see birnn sweep "
            "--help"
        )
    if old and old.about.chooses:
        raise InputError(
            f"settings were chosen by {folder}, which has no test results: choose another name"
        )
    about, kept = _describe(name, runs, old)
    rows = [_row(label, run, about) for label, run in sorted(runs.items(), key=_in_order)]
    table = pd.concat([kept, pd.DataFrame(rows)])
    if about.recipes:
        order = [recipe["name"] for recipe in about.recipes].index
        table = table.sort_values(RECIPE, key=lambda names: names.map(order), kind="stable")
    predictions = {label: run.read_predictions() for label, run in runs.items()}
    reviews = next(iter(predictions.values()))[[LABEL, "group"]]
    log_odds = {label: read[[*TITLES]] for label, read in predictions.items()}
    held_out = {
        label: read[[LABEL, *TITLES]]
        for label, run in runs.items()
        if (read := run.read_held_out()) is not None
    }
    names: Iterable[str] = kept.get("name", [])
    log_odds |= store.read_predictions(folder, names)
    held_out |= store.read_predictions(folder, names, HELD_OUT)
    return writing.write(Study(folder, about, table, reviews), log_odds, held_out)


def _describe(name: str, runs: Mapping[str, Run], old: Study | None) -> tuple[About, pd.DataFrame]:
    """Return what all runs share, and the rows of the old study with what varies now."""
    known, labels = stored_recipes.read_all(), [*runs, *(old.runs["name"] if old else [])]
    used = {_recipe(label, known) for label in labels}
    if len(used) > 1 and "" in used:
        raise InputError(
            f"only some runs of {name} have a recipe: choose another name for the others"
        )
    recipes = stored_recipes.with_bases(used)
    chosen = (key for run in runs.values() for key in run.chosen if key not in {SEED, RECIPE})
    before = old.about.varied if old else []
    varied = [*dict.fromkeys([*([RECIPE] if len(used) > 1 else []), *before, *chosen])]
    kept, shared = pd.DataFrame(), dict[str, Any]()
    corpus = old.about.corpus if old else {}
    if old:
        _refuse_changed_recipes(old, recipes)
        kept = old.runs.assign(**_new_columns(old, varied, recipes))
        own = [key for names in varied for key in names.split(",")]
        shared = {key: value for key, value in old.about.settings.items() if key not in own}
        shared[CORPUS] = corpus["digest"]
    for label, run in runs.items():
        recipe = recipes[_recipe(label, known)].all_settings if recipes else {}
        left_out = [*varied, *recipe, *(FOLLOWING_SEEDS if recipes else ())]
        corpus = store.describe_corpus(run.metrics["corpus"])
        settings = store.shared_settings(run.settings, left_out) | {CORPUS: corpus["digest"]}
        for key in differing(shared, settings):
            raise InputError(
                f"runs of {name} differ in more than their sweeps say, {key} is "
                f"{as_text(shared[key])} and {as_text(settings[key])}: choose another name"
            )
        shared |= settings
    del shared[CORPUS]
    described = [
        {key: getattr(recipe, key) for key in ("name", "base", "title", "settings")}
        for recipe in recipes.values()
    ]
    command, sampler = (
        (old.about.command, old.about.sampler) if old else (f"birnn study {name}", "")
    )
    return About(command, corpus, varied, shared, described, sampler=sampler), kept


def _recipe(label: str, known: Collection[str]) -> str:
    """Return the recipe that a label names, or an empty string."""
    recipe, separator, _ = label.partition(SEPARATOR)
    return recipe if separator or recipe in known else ""


def _new_columns(old: Study, varied: list[str], recipes: Collection[str]) -> dict[str, list[Any]]:
    """Return the values that the old rows have of what varies only now."""
    names, settings = old.runs["name"], old.settings_by_run()
    columns = dict[str, list[Any]]()
    if recipes:
        columns[RECIPE] = [_recipe(name, recipes) for name in names]
    for key in varied:
        if key not in old.runs and key != RECIPE:
            values = [[settings[name].get(part) for part in key.split(",")] for name in names]
            if any(as_text(first) != as_text(other) for first, *rest in values for other in rest):
                raise InputError(f"{old.folder} has runs with different {key}: choose another name")
            columns[key] = [first for first, *_ in values]
    return columns


def _refuse_changed_recipes(old: Study, recipes: Mapping[str, Recipe]) -> None:
    stored = old.recipe_settings()
    used = set(old.runs[RECIPE]) if recipes and RECIPE in old.runs else set()
    for name in sorted(used):
        known = recipes[name].all_settings if name in recipes else None
        if known != stored.get(name, known):
            raise InputError(
                f"the recipe {name} has changed: give it another name, or remove its rows from "
                f"{old.folder / store.RUNS}"
            )


def _in_order(item: tuple[str, Run]) -> str:
    """Return a key that sorts labels by their numbers."""
    return re.sub(r"\d+", lambda number: number[0].zfill(20), item[0])


def _row(label: str, run: Run, about: About) -> dict[str, Any]:
    """Return the row of a run in `runs.csv`."""
    settings = {key: run.settings[key.partition(",")[0]] for key in about.varied if key != RECIPE}
    recipe = {RECIPE: run.chosen[RECIPE]} if about.recipes else {}
    seeds = {
        key: run.settings[key] for key in (SEED, *FOLLOWING_SEEDS) if key not in about.settings
    }
    evaluation = run.read_evaluation()
    measures = {
        f"{model}.{measure}": value
        for model in ALL_TITLES
        for measure, value in evaluation.get(model, {}).items()
        if isinstance(value, int | float)
    }
    origin = training_times.measure(run) | {"commit": run.commit}
    return {"name": label} | recipe | settings | seeds | measures | origin
