"""Studies from the experiments of a sweep."""

import re
from collections.abc import Mapping
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
from birnn_lab.studies.store import FOLLOWING_SEEDS, RECIPE, SEED, About, Study


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
            f"{folder} has no test results, for choosing settings: choose another name"
        )
    about, kept = _describe(name, [*runs.values()], old)
    rows = [_row(label, run, about) for label, run in sorted(runs.items(), key=_in_order)]
    table = pd.concat([kept, pd.DataFrame(rows)])
    if about.recipes:
        order = [recipe["name"] for recipe in about.recipes].index
        table = table.sort_values(RECIPE, key=lambda names: names.map(order), kind="stable")
    predictions = {label: run.read_predictions() for label, run in runs.items()}
    reviews = next(iter(predictions.values()))[["label", "group"]]
    log_odds = {label: read[[*TITLES]] for label, read in predictions.items()}
    log_odds |= store.read_predictions(folder, kept.get("name", []))
    return writing.write(Study(folder, about, table, reviews), log_odds)


def _describe(name: str, runs: list[Run], old: Study | None) -> tuple[About, pd.DataFrame]:
    """Return what all runs share, and the rows of the old study with what varies now."""
    names = {run.chosen.get(RECIPE) for run in runs}
    compares = bool(old and RECIPE in old.about.varied) or len(names) > 1
    if compares and None in names:
        raise InputError(
            f"only some runs of {name} have a recipe: choose another name for the others"
        )
    recipes = stored_recipes.read() if compares else {}
    chosen = (key for run in runs for key in run.chosen if key not in {SEED, RECIPE})
    varied = [*([RECIPE] if compares else []), *(old.about.varied if old else []), *chosen]
    varied = [*dict.fromkeys(varied)]
    changed = {key for recipe in recipes.values() for key in recipe.all_settings}
    left_out = [*varied, *changed, *(FOLLOWING_SEEDS if any(names) else ())]
    settings = [store.shared_settings(run.settings, left_out) for run in runs]
    corpora = [store.describe_corpus(run.metrics["corpus"]) for run in runs]
    kept = pd.DataFrame()
    if old:
        new = {key: old.about.settings.get(key) for key in varied if key not in old.runs}
        kept = old.runs.assign(**new)
        settings.append({key: value for key, value in old.about.settings.items() if key not in new})
        corpora.append(old.about.corpus)
        _refuse_changed_recipes(old, recipes)
    _refuse_differences(name, settings, corpora)
    described = [
        {key: getattr(recipe, key) for key in ("name", "base", "title", "settings")}
        for recipe in recipes.values()
    ]
    sampler = old.about.sampler if old else ""
    about = About(
        f"birnn study {name}", corpora[0], varied, settings[0], described, sampler=sampler
    )
    return about, kept


def _refuse_differences(
    name: str, settings: list[dict[str, Any]], corpora: list[dict[str, Any]]
) -> None:
    """Check that runs share their corpus, and all settings but those that vary."""
    first, *others = (
        shared | {"corpus": corpus["digest"]}
        for shared, corpus in zip(settings, corpora, strict=True)
    )
    for other in others:
        for key in differing(first, other):
            raise InputError(
                f"runs of {name} differ in more than their sweeps say, {key} is "
                f"{as_text(first[key])} and {as_text(other[key])}: choose another name"
            )


def _refuse_changed_recipes(old: Study, recipes: Mapping[str, Recipe]) -> None:
    stored = old.recipe_settings()
    used = set(old.runs[RECIPE]) if recipes and RECIPE in old.runs else set()
    for name in sorted(used):
        if name not in recipes or recipes[name].all_settings != stored[name]:
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
    recipe = {RECIPE: run.chosen.get(RECIPE)} if about.recipes else {}
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
    return {"name": label} | recipe | settings | seeds | measures | training_times.measure(run)
