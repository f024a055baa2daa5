"""The leaderboard: finished experiments and the run in the working tree, in one table."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd
from rich.box import HORIZONTALS
from rich.console import Console
from rich.table import Table
from rich.text import Text

from birnn.evaluation.intervals import LOWER_IS_BETTER
from birnn.evaluation.model_names import ALL_NETWORKS, TITLES
from birnn.lab import grid, runs
from birnn.lab.command_line import as_text
from birnn.lab.lock_file import read_lock
from birnn.lab.runs import Run
from birnn.runtime.errors import InputError
from birnn.studies.store import HOLD_OUT_SEED
from birnn.style import formatting
from birnn.style.formatting import NOTHING

PARAM = "params."  # prefix of columns that contain settings; metrics have no prefix
MARK = "*"  # of experiments that ran with other code
ACCURACY, HELD_OUT = f"{ALL_NETWORKS}.accuracy", f"{ALL_NETWORKS}.holdout_accuracy"
SMALLER_IS_BETTER = LOWER_IS_BETTER | {"seconds", "parameters"}
DIGITS = 6


def collect_runs() -> tuple[pd.DataFrame, int]:
    """Return one row per run with the reviews of the working tree, and the number of others."""
    current = runs.workspace()
    found = [*runs.finished_with_any_code(), *([current] if current else [])]
    reviews, code = runs.locked_reviews(read_lock()), runs.metrics_code(runs.current_code())
    same = runs.with_unique_names(
        [run for run in found if runs.locked_reviews(run.lock) == reviews]
    )
    if not same:
        raise InputError("no finished run on the current corpus: run dvc repro or birnn sweep")
    table = pd.DataFrame([row(run, is_current=runs.metrics_code(run.code) == code) for run in same])
    # Older code had fewer settings.
    table = table.assign(**table.filter(regex=f"^{PARAM}").fillna(""))
    return table, len(found) - len(same)


def row(run: Run, *, is_current: bool) -> dict[str, Any]:
    """Return the row of a run: settings as text, measures and training times by full name."""
    return {
        "name": run.name + ("" if is_current else f" {MARK}"),
        "commit": run.baseline,
        **{PARAM + name: as_text(value) for name, value in run.settings.items()},
        **run.measures,
        **runs.training(run),
    }


def select(table: pd.DataFrame, where: Sequence[str], name: str) -> pd.DataFrame:
    """Return the rows with the given settings, such as `train.epochs=3,5`, and a matching name."""
    for option in where:
        key, text = grid.split(option)
        if PARAM + key not in table:
            raise InputError(f"no run has the setting {key!r}: use one of params.yaml")
        table = table[table[PARAM + key].isin(list(map(as_text, grid.values(text))))]
    table = table[[fnmatchcase(each.removesuffix(f" {MARK}"), name) for each in table["name"]]]
    if table.empty:
        raise InputError("no run on the current corpus matches: check --where and --name")
    return table


def sort(table: pd.DataFrame, metric: str | None) -> tuple[pd.DataFrame, str]:
    """Return the rows by a metric, the best first and runs without it last, and the metric.

    The default is the accuracy of the combined networks: on held-out reviews if all runs hold out
    reviews, else on the test reviews.
    """
    if metric is None:
        metric = HELD_OUT if HELD_OUT in table and table[HELD_OUT].notna().all() else ACCURACY
    numbers = table.select_dtypes("number").dropna(axis="columns", how="all")
    metrics = [str(name) for name in numbers]
    if metric not in metrics:
        raise InputError(f"no run has the metric {metric!r}: use one of {', '.join(metrics)}")
    ascending = metric.rpartition(".")[2] in SMALLER_IS_BETTER
    return table.sort_values(metric, ascending=ascending, kind="stable"), metric


def differing_settings(table: pd.DataFrame) -> list[str]:
    """Return the settings that differ between rows."""
    counts = table.filter(regex=f"^{PARAM}").nunique()
    return [str(name).removeprefix(PARAM) for name in counts[counts > 1].index]


def print_table(table: pd.DataFrame, metric: str, notes: Sequence[str]) -> None:
    """Print rows and notes for the terminal: settings below the name, a line per model.

    A dash is a missing number, or a setting that older code lacks.
    """
    forms: dict[str, tuple[str, Callable[[float], str]]] = {
        "test accuracy (%)": ("accuracy", formatting.with_interval),
        "held out": ("holdout_accuracy", formatting.with_interval),
        "training": ("seconds", formatting.seconds),
    }
    columns = {
        heading: column
        for heading, column in forms.items()
        if any(f"{model}.{column[0]}" in table for model in TITLES)
    }
    names = differing_settings(table)

    def text(value: Any, form: Callable[[float], str]) -> str:
        return NOTHING if pd.isna(value) else form(value)

    printed = Table(box=HORIZONTALS, show_lines=True, show_edge=False, padding=(0, 1, 0, 0))
    printed.add_column("experiment", overflow="fold")
    for heading in ("", *columns):
        printed.add_column(heading, no_wrap=True)
    for record in table.to_dict("records"):
        shown = {name: record[PARAM + name] or NOTHING for name in names}
        shown[metric] = text(record[metric], "{:.6g}".format)
        about = Text(record["name"], style="bold")
        about.append("".join(f"\n{key}: {value}" for key, value in shown.items()), "not bold")
        cells = [
            "\n".join(text(record.get(f"{model}.{measure}"), form) for model in TITLES)
            for measure, form in columns.values()
        ]
        printed.add_row(about, "\n".join(TITLES.values()), *cells)
    console = Console(highlight=False)
    console.print(printed)
    console.print(*notes, sep="\n", markup=False)


def print_csv(table: pd.DataFrame) -> None:
    """Print all columns as CSV."""
    print(table.round(DIGITS).to_csv(index=False, lineterminator="\n"), end="")


def describe(table: pd.DataFrame, metric: str, others: int) -> list[str]:
    """Return what a table may be used for, and how many runs on `others` reviews it lacks."""
    notes = []
    if ".holdout_" in metric:
        notes.append(
            f"Sorted by {metric}, so settings may be chosen by it. The highest of many values is "
            "too high by chance: report the test accuracy of the chosen settings."
        )
        if {"pad.validation", HOLD_OUT_SEED} & set(differing_settings(table)):
            notes.append("Rows hold out different reviews, which also changes the accuracy.")
    else:
        notes.append(
            f"Sorted by {metric}. Do not choose settings by test accuracy: hold out reviews "
            f"(pad.validation=0.1) and choose by {HELD_OUT}."
        )
    if table["name"].str.endswith(MARK).any():
        notes.append(f"Rows with {MARK} ran with other code, which may explain a difference.")
    if others:
        notes.append(f"Not shown: {others} on another corpus.")
    return notes
