"""The ladder: the finished experiments of all recipes over seeds."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from birnn.core import times
from birnn.core.errors import InputError
from birnn.core.machine import format_description
from birnn.core.outputs import atomic_folder, write_json
from birnn.core.paths import STUDIES
from birnn.core.settings import flatten
from birnn.evaluation import ensembles
from birnn.evaluation.metrics import is_correct
from birnn.experiments.recipes import Recipe
from birnn.experiments.runs import Run, read_predictions, recorded_times, training_seconds
from birnn.reporting import figures, ladder, ladder_figure
from birnn.reporting.study import CORPUS_FIELDS, SEED

FOLDER = STUDIES / "ladder"
DIGITS = 4
ALL_SEEDS = "all"


def write(runs: Mapping[str, Sequence[Run]], recipes: Sequence[Recipe]) -> Path:
    """Write the finished runs of recipes, by recipe name, to `study/ladder`.

    `runs.csv` has one row per recipe, seed and model: the accuracy on the held-out and the test
    reviews, and the seconds of training, including the stages before it, if they are known.
    `ladder.json` describes the recipes and the corpus, and `ladder.png` is the figure. Recipes that
    are not in `runs` keep their rows, even if these come from other code or other seeds.

    Raises:
        InputError: a recipe has no finished run and no row to keep, or the runs and rows use
            several corpora.
    """
    missing = [name for name, recipe_runs in runs.items() if not recipe_runs]
    if missing:
        raise InputError(f"no finished experiment of {', '.join(missing)}: run them first")
    previous = _previous([recipe for recipe in recipes if recipe.name not in runs])
    finished = [run for recipe_runs in runs.values() for run in recipe_runs]
    corpora = {tuple(run.metrics["corpus"][key] for key in CORPUS_FIELDS) for run in finished}
    recorded = times.read()
    machines = [
        format_description(entry["machine"])
        for run in finished
        for entry in recorded_times(run, recorded).values()
    ]
    if previous:
        corpora.add(tuple(previous.corpus[key] for key in CORPUS_FIELDS))
        machines.insert(0, previous.machines)
    if len(corpora) > 1:
        raise InputError(f"the runs use several corpora, {sorted(corpora)}: choose one")
    (corpus,) = corpora
    about = {
        "corpus": dict(zip(CORPUS_FIELDS, corpus, strict=True)),
        "machines": " and ".join(dict.fromkeys(machines)),
        "recipes": [
            {
                "name": recipe.name,
                "after": recipe.after,
                "title": recipe.title,
                "settings": recipe.added,
            }
            for recipe in recipes
        ],
    }
    tables = [_table(recipe, runs.get(recipe.name), recorded) for recipe in recipes]
    with atomic_folder(FOLDER) as folder:
        table = pd.concat(tables).round(DIGITS)
        table.to_csv(folder / ladder.RUNS, index=False, lineterminator="\n")
        write_json(folder / ladder.ABOUT, about)
    content = ladder.read(FOLDER)
    if content:
        figures.save(ladder_figure.draw(content), FOLDER / "ladder.png")
    return FOLDER


def _table(recipe: Recipe, runs: Sequence[Run] | None, recorded: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows of a recipe, those in `study/ladder` if `runs` is None."""
    if runs is not None:
        return pd.DataFrame(rows(recipe, runs, recorded))
    table = pd.read_csv(FOLDER / ladder.RUNS)
    return table[table["recipe"] == recipe.name]


def rows(
    recipe: Recipe, runs: Sequence[Run], recorded: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield one row per seed and model, and one per blend of all seeds.

    Args:
        recipe: the recipe.
        runs: its runs.
        recorded: recorded times by md5, see `times`.
    """
    log_odds: list[dict[str, Any]] = []
    seconds: list[dict[str, float]] = []
    for run in runs:
        seconds.append(training_seconds(run, recorded))
        metrics = run.metrics | run.metrics["blends"]
        for model, model_seconds in seconds[-1].items():
            yield {
                "recipe": recipe.name,
                "seed": flatten(run.params)[SEED],
                "model": model,
                "held_out": metrics[model]["holdout_accuracy"],
                "test": metrics[model]["accuracy"],
                "seconds": model_seconds,
            }
        held_out, test = (read_predictions(run, name) for name in ("held_out", "predictions"))
        _, (test_log_odds,) = ensembles.fit_blends(held_out, [test])
        log_odds.append(test_log_odds)
    labels = test["label"].to_numpy()
    for model in log_odds[0]:
        mean = np.mean([seed_log_odds[model] for seed_log_odds in log_odds], axis=0)
        yield {
            "recipe": recipe.name,
            "seed": ALL_SEEDS,
            "model": model,
            "test": float(is_correct(labels, mean).mean()),
            "seconds": sum(seed_seconds[model] for seed_seconds in seconds),
        }


def _previous(kept: Sequence[Recipe]) -> ladder.Ladder | None:
    """Return the ladder in `study/ladder` if recipes of it are kept, else None.

    Raises:
        InputError: a recipe has no rows in it, or rows of other settings.
    """
    if not kept:
        return None
    previous = ladder.read(FOLDER)
    settings = {rung.name: rung.settings for rung in previous.rungs} if previous else {}
    other = [recipe.name for recipe in kept if settings.get(recipe.name) != recipe.settings]
    if other:
        raise InputError(
            f"{FOLDER} has no results of {', '.join(other)} with these settings: use --recipe all"
        )
    return previous
