"""The leaderboard: finished experiments and the run in the working tree, in one table."""

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd
from rich.box import HORIZONTALS
from rich.console import Console
from rich.table import Table
from rich.text import Text

from birnn.core.errors import InputError
from birnn.core.integrity import read_lock
from birnn.core.overrides import as_text
from birnn.core.settings import flatten
from birnn.evaluation.intervals import LOWER_IS_BETTER
from birnn.evaluation.model_names import ALL_NETWORKS, TITLES
from birnn.experiments import collect, grid, runs
from birnn.experiments.runs import Run
from birnn.studies import store, writing
from birnn.studies.store import HOLD_OUT_SEED, SEED, About, Study
from birnn.style import formatting
from birnn.style.formatting import NOTHING

PARAM = "params."  # prefix of columns that contain settings; metrics have no prefix
MARK = "*"  # of experiments that ran with other code
ACCURACY, HELD_OUT = f"{ALL_NETWORKS}.accuracy", f"{ALL_NETWORKS}.holdout_accuracy"
SMALLER_IS_BETTER = LOWER_IS_BETTER | {"seconds", "parameters"}
DIGITS = 6


def collect_runs() -> tuple[pd.DataFrame, dict[str, Any], int]:
    """Return one row per run with the reviews of the working tree (see `row`).

    Also return the description of the corpus, and the number of experiments on other reviews.
    """
    current = runs.workspace()
    found = [*runs.finished_with_any_code(), *([current] if current else [])]
    reviews, code = runs.locked_reviews(read_lock()), runs.current_code()
    same = runs.with_unique_names(
        [run for run in found if runs.locked_reviews(run.lock) == reviews]
    )
    if not same:
        raise InputError("no finished run on the current corpus: run dvc repro or birnn sweep")
    table = pd.DataFrame([row(run, is_current=run.code == code) for run in same])
    # Older code had fewer settings.
    table = table.assign(**table.filter(regex=f"^{PARAM}").fillna(""))
    return table, same[-1].metrics["corpus"], len(found) - len(same)


def row(run: Run, *, is_current: bool) -> dict[str, Any]:
    """Return the row of a run.

    It has its `name` (with a star if it ran with other code), the `commit` that it started from,
    all settings (`params.train.epochs`) as text, the measures of all models (`bigru.accuracy`) and
    training times (`bigru.seconds`).
    """
    return {
        "name": run.name + ("" if is_current else f" {MARK}"),
        "commit": run.baseline,
        **{PARAM + name: as_text(value) for name, value in flatten(run.params).items()},
        **collect.measures(run),
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


def settings_of(record: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    """Return the values of settings in a row; a dash is a setting that older code lacks."""
    return {name: record[PARAM + name] or NOTHING for name in names}


def score_of(record: Mapping[str, Any], metric: str) -> dict[str, str]:
    """Return the value of a metric in a row; a dash is a missing number."""
    return {metric: NOTHING if pd.isna(record[metric]) else f"{record[metric]:.6g}"}


def columns_of(record: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return one value per model, by heading; a dash is a missing number."""
    forms: dict[str, tuple[str, Callable[[float], str]]] = {
        "test accuracy (%)": ("accuracy", formatting.with_interval),
        "held out": ("holdout_accuracy", formatting.with_interval),
        "training": ("seconds", formatting.seconds),
    }
    return {
        heading: [
            NOTHING if pd.isna(value := record.get(f"{model}.{measure}")) else form(value)
            for model in TITLES
        ]
        for heading, (measure, form) in forms.items()
        if any(f"{model}.{measure}" in record for model in TITLES)
    }


def print_table(table: pd.DataFrame, metric: str, notes: Sequence[str]) -> None:
    """Print rows and notes for the terminal: settings below the name, a line per model."""
    records: list[Any] = table.to_dict("records")
    names = differing_settings(table)
    printed = Table(box=HORIZONTALS, show_lines=True, show_edge=False, padding=(0, 1, 0, 0))
    printed.add_column("experiment", overflow="fold")
    for heading in ("", *columns_of(records[0])):
        printed.add_column(heading, no_wrap=True)
    for record in records:
        about = Text(record["name"], style="bold")
        shown = settings_of(record, names) | score_of(record, metric)
        about.append("".join(f"\n{key}: {value}" for key, value in shown.items()), "not bold")
        printed.add_row(about, *map("\n".join, (TITLES.values(), *columns_of(record).values())))
    console = Console(highlight=False)
    console.print(printed)
    console.print(*notes, sep="\n", markup=False)


def print_csv(table: pd.DataFrame, _metric: str, _notes: Sequence[str]) -> None:
    """Print all columns as CSV."""
    print(table.round(DIGITS).to_csv(index=False, lineterminator="\n"), end="")


def print_markdown(table: pd.DataFrame, metric: str, notes: Sequence[str]) -> None:
    """Print rows as a Markdown table, and the notes."""
    records: list[Any] = table.to_dict("records")
    names = differing_settings(table)
    rows = []
    for record in records:
        settings = {
            formatting.code(name): formatting.code(value)
            for name, value in settings_of(record, names).items()
        }
        values = {
            f"{title}, {heading}": value
            for heading, column in columns_of(record).items()
            for title, value in zip(TITLES.values(), column, strict=True)
        }
        name = {"experiment": formatting.code(record["name"])}
        rows.append(name | settings | values | score_of(record, metric))
    print(formatting.table(list(rows[0]), map(list, map(dict.values, rows)), left=len(rows[0])))
    print("\n" + "\n\n".join(notes))


def describe(table: pd.DataFrame, metric: str, hidden: int, others: int) -> list[str]:
    """Return what a table sorted by `metric` may be used for, and what it leaves out.

    These are `hidden` rows that match, and `others` on other reviews.
    """
    if ".holdout_" in metric:
        purpose = (
            f"Sorted by {metric}, so settings may be chosen by it. The highest of many values is "
            "too high by chance: report the test accuracy of the chosen settings."
        )
        notes = [purpose]
        if {"pad.validation", HOLD_OUT_SEED} & set(differing_settings(table)):
            notes.append("Rows hold out different reviews, which also changes the accuracy.")
    else:
        purpose = (
            f"Sorted by {metric}. Do not choose settings by test accuracy: hold out reviews "
            f"(pad.validation=0.1) and choose by {HELD_OUT}."
        )
        notes = [purpose]
    if table["name"].str.endswith(MARK).any():
        notes.append(f"Rows with {MARK} ran with other code, which may explain a difference.")
    if hidden:
        notes.append(f"Not shown: {hidden} by --count.")
    if others:
        notes.append(f"Not shown: {others} on another corpus.")
    return notes


def save(name: str, table: pd.DataFrame, corpus: Mapping[str, Any], command: str) -> Study:
    """Write rows as the study `study/NAME`, and return it."""
    writing.check_name(name)
    folder = store.FOLDER / name
    if folder.exists():
        raise InputError(f"{folder} exists: choose another name, or delete it")
    columns = [column for column in map(str, table) if column.startswith(PARAM)]
    settings = table[columns].rename(columns=lambda column: column.removeprefix(PARAM))
    chosen = [key for key in differing_settings(table) if key != SEED]
    shared = {str(key): grid.values(text)[0] for key, text in settings.iloc[0].items() if text}
    rows = table.drop(columns=columns)
    about = About(
        command=command,
        corpus=store.describe_corpus(corpus),
        varied=["name"],
        settings=store.shared_settings(shared, chosen),
    )
    runs = pd.concat([rows, settings[[*chosen, SEED]]], axis=1)
    return writing.write(Study(folder, about, runs, pd.DataFrame()), {})
