"""Studies from finished experiments."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock

from birnn.evaluation.model_names import TITLES
from birnn.runtime.errors import InputError
from birnn_lab import recipes as stored_recipes
from birnn_lab.grid import Point
from birnn_lab.runs import Run, read_predictions, training, with_all_measures, with_unique_names
from birnn_lab.studies import store, writing
from birnn_lab.studies.store import FOLLOWING_SEEDS, RECIPE, SEED, About, Study


@FileLock(writing.LOCK, timeout=writing.PATIENCE)
def study(  # noqa: PLR0913  # what to write, from what, and how
    name: str,
    command: str,
    points: Sequence[Point],
    runs: Mapping[int, Run],
    *,
    chooses: bool = False,
    sampler: str = "",
    replace: bool = False,
) -> Study:
    """Write the finished runs of a grid, by index of their points, to `study/NAME`.

    If the grid or the study in the folder has several recipes, the study compares recipes. Those
    that the grid lacks keep their rows, even if these come from other code or other seeds. Rows of
    recipes that have been removed, or have other settings now, are dropped. With `replace`, all
    earlier rows are. See `About` for `chooses` and `sampler`.
    """
    writing.check_name(name)
    if not runs:
        raise InputError("none of these experiments is finished: run them first")
    folder = store.FOLDER / name
    recipe, exists = points[0].recipe, (folder / store.ABOUT).exists()
    # Not if it may be damaged and is replaced.
    old = store.read(folder) if exists and (recipe or not replace) else None
    several_recipes = len({point.recipe for point in points}) > 1
    adds_a_recipe = bool(recipe and old and RECIPE in old.about.varied)
    recipes = stored_recipes.read() if several_recipes or adds_a_recipe else {}
    varied = [key for key in points[0].chosen if key != SEED]
    collected = with_unique_names([*runs.values()])
    corpus = _single_corpus([run.metrics["corpus"] for run in collected])
    if not chooses:
        collected = [*map(with_all_measures, collected)]
    table = pd.DataFrame(
        [_row(points[at], run, recipes) for at, run in zip(runs, collected, strict=True)]
    )
    predictions = {} if chooses else {run.name: read_predictions(run) for run in collected}
    changed = {key for recipe in recipes.values() for key in recipe.all_settings}
    about = About(
        command=command,
        corpus=corpus,
        varied=([RECIPE] if recipes else []) + varied,
        settings=store.shared_settings(points[0].settings, [*map(str, table), *changed]),
        recipes=[
            {key: getattr(recipe, key) for key in ("name", "base", "title", "settings")}
            for recipe in recipes.values()
        ],
        chooses=chooses,
        sampler=sampler,
    )
    log_odds = {name: table[list(TITLES)] for name, table in predictions.items()}
    if old and not replace:
        kept = _rows_to_keep(old, about, table)
        log_odds |= store.read_predictions(folder, kept.get("name", []))
        table = pd.concat([kept, table])
    if recipes:
        order = [*recipes].index
        table = table.sort_values(RECIPE, key=lambda names: names.map(order), kind="stable")
    reviews = None if chooses else next(iter(predictions.values()))[["label", "group"]]
    return writing.write(Study(folder, about, table, reviews), log_odds)


def _row(point: Point, run: Run, recipes: Mapping[str, Any]) -> dict[str, Any]:
    chosen = {key: value for key, value in point.chosen.items() if key != SEED}
    seeds = {SEED: run.settings[SEED]}
    seeds |= {name: point.changes[name] for name in FOLLOWING_SEEDS if name in point.changes}
    recipe = {RECIPE: point.recipe} if recipes else {}
    return {"name": run.name} | recipe | chosen | seeds | run.measures | training(run)


def _single_corpus(corpora: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    first, *others = map(store.describe_corpus, corpora)
    if different := [other for other in others if other != first]:
        raise InputError(f"the runs use several corpora, {first} and {different[0]}: choose one")
    return first


def _rows_to_keep(old: Study, about: About, table: pd.DataFrame) -> pd.DataFrame:
    """Return the runs of those recipes that only the old study has."""
    # Other settings are new, or a recipe has set them since.
    common = old.about.settings.keys() & about.settings.keys()
    before, here = (
        (
            description.corpus,
            set(description.varied),
            description.chooses,
            *map(description.settings.get, common),
        )
        for description in (old.about, about)
    )
    if before != here:
        raise results_would_be_lost(old.folder)
    replaced, kept = old.runs, pd.DataFrame()
    dropped: set[str] = set()
    if RECIPE in table:
        stored, now = map(_recipe_settings, (old.about, about))
        new, unchanged = {*table[RECIPE]}, {name for name in now if now[name] == stored.get(name)}
        dropped = {*old.runs[RECIPE]} - unchanged - new
        replaced = old.runs[old.runs[RECIPE].isin(unchanged & new)]
        kept = old.runs[old.runs[RECIPE].isin(unchanged - new)]
    keys = [*about.varied, *(name for name in (SEED, *FOLLOWING_SEEDS) if name in table)]
    # As text, with numbers as precise as in a study.
    old_rows = writing.to_csv(replaced.reindex(columns=keys)).splitlines()
    if not {*old_rows} <= {*writing.to_csv(table[keys]).splitlines()}:
        raise results_would_be_lost(old.folder)
    if dropped:
        print(f"{old.folder} loses recipes that are gone or changed: {', '.join(sorted(dropped))}")
    return kept


def _recipe_settings(about: About) -> dict[str, dict[str, Any]]:
    """Return the settings of each recipe, including inherited ones."""
    settings: dict[str, dict[str, Any]] = {}
    for recipe in about.recipes:
        settings[recipe["name"]] = settings.get(recipe["base"], {}) | recipe["settings"]
    return settings


def results_would_be_lost(folder: Path) -> InputError:
    """Return the error of replacing results that are not among the new ones."""
    return InputError(
        f"{folder} has results that would be lost: choose another name, or add --replace"
    )
