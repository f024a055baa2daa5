"""The leaderboard: finished experiments and the run in the working tree, in one table."""

import json
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from statistics import fmean
from typing import Any

import pandas as pd
from rich.box import HORIZONTALS
from rich.console import Console
from rich.table import Table

from birnn.core.errors import InputError
from birnn.core.integrity import read_lock
from birnn.core.settings import flatten
from birnn.evaluation.intervals import LOWER_IS_BETTER
from birnn.evaluation.model_names import NETWORKS, TITLES
from birnn.experiments import collect, grid, runs
from birnn.experiments.runs import Run
from birnn.studies import figure
from birnn.studies import study as studies
from birnn.studies.study import CORPUS, HOLD_OUT_SEED, About, Study
from birnn.style import formatting
from birnn.style.formatting import NOTHING

PARAM = "params."  # prefix of columns that contain settings; metrics have no prefix
MARK = "*"  # of experiments that ran with other code
TEST, HELD_OUT = "mean.accuracy", "mean.holdout_accuracy"
SMALLER_IS_BETTER = LOWER_IS_BETTER | {"seconds", "parameters"}
DIGITS = 6


Show = Callable[[pd.DataFrame, str, Sequence[str]], None]
"""A function that prints rows, which are sorted by a metric, and notes."""


def collect_runs() -> tuple[pd.DataFrame, dict[str, Any], int]:
    """Return one row per run with the reviews of the working tree (see `row`).

    Returns:
        The rows, the description of the corpus, and the number of experiments on other reviews.

    Raises:
        InputError: there are no rows.
    """
    current = runs.workspace()
    found = [*runs.finished_with_any_code(), *([current] if current else [])]
    reviews, code = runs.locked_reviews(read_lock()), runs.current_code()
    same = [run for run in found if runs.locked_reviews(run.lock) == reviews]
    if not same:
        raise InputError("no finished run on the current corpus: run dvc repro or birnn sweep")
    table = pd.DataFrame([row(run, is_current=run.code == code) for run in same])
    # Older code had fewer settings.
    table = table.assign(**table.filter(regex=f"^{PARAM}").fillna(""))
    return table, same[-1].metrics["corpus"], len(found) - len(same)


def row(run: Run, *, is_current: bool) -> dict[str, Any]:
    """Return the row of a run.

    It has its `name` (with a star if it ran with other code), the `commit` that it started from,
    all settings (`params.train.epochs`) as text, the measures of all models (`bigru.accuracy`), the
    mean accuracies of the networks (`mean.accuracy`) and training times (`bigru.seconds`).
    """
    measures = collect.measures(run)
    for measure in ("accuracy", "holdout_accuracy"):
        names = [f"{network}.{measure}" for network in NETWORKS]
        if all(name in measures for name in names):
            measures[f"mean.{measure}"] = round(fmean(measures[name] for name in names), DIGITS)
    return {
        "name": run.name + ("" if is_current else f" {MARK}"),
        "commit": run.baseline,
        **{PARAM + name: as_text(value) for name, value in flatten(run.params).items()},
        **measures,
        **collect.training(run),
    }


def as_text(value: Any) -> str:
    """Return a setting in one line: printable text without quotes, the rest as in YAML."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # 0.0 and 0 are one setting
    is_plain = isinstance(value, str) and value and value.isprintable()
    return value if is_plain else json.dumps(value, default=str)


def select(table: pd.DataFrame, where: Sequence[str], name: str) -> pd.DataFrame:
    """Return the rows with the given settings, such as `train.epochs=3,5`, and a matching name.

    Raises:
        InputError: an option is malformed, no run has this setting, or no row is left.
    """
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

    The default is the mean accuracy of the networks: on the held-out reviews if all runs hold out
    reviews, else on the test reviews.

    Raises:
        InputError: no run has this metric.
    """
    if metric is None:
        metric = HELD_OUT if HELD_OUT in table and table[HELD_OUT].notna().all() else TEST
    metrics = [str(name) for name in table.select_dtypes("number")]
    if metric not in metrics:
        raise InputError(f"no run has the metric {metric!r}: use one of {', '.join(metrics)}")
    ascending = metric.rpartition(".")[2] in SMALLER_IS_BETTER
    return table.sort_values(metric, ascending=ascending, kind="stable"), metric


def differing_settings(table: pd.DataFrame) -> list[str]:
    """Return the settings that differ between rows."""
    counts = table.filter(regex=f"^{PARAM}").nunique()
    return [str(name).removeprefix(PARAM) for name in counts[counts > 1].index]


def cells(table: pd.DataFrame, metric: str) -> list[dict[str, str]]:
    """Return the cells of each row as text, by heading; a dash is a missing number."""
    accuracies = {f"{TITLES[model]} test": f"{model}.accuracy" for model in TITLES}
    held_out = {f"{TITLES[model]} held out": f"{model}.holdout_accuracy" for model in TITLES}
    shown = {head: name for head, name in (accuracies | held_out).items() if name in table}
    settings = differing_settings(table)
    texts = []
    for record in table.to_dict("records"):
        values = [f"{name} {record[PARAM + name] or NOTHING}" for name in settings]
        text = {"experiment": str(record["name"]), "settings": ", ".join(values)}
        for head, name in shown.items():
            text[head] = NOTHING if pd.isna(record[name]) else f"{100 * record[name]:.2f}"
        text["training"] = formatting.seconds(record["all.seconds"])
        if metric not in {*shown.values(), TEST, HELD_OUT}:
            text[metric] = NOTHING if pd.isna(record[metric]) else f"{record[metric]:.6g}"
        texts.append(text)
    return texts


def print_table(table: pd.DataFrame, metric: str, notes: Sequence[str]) -> None:
    """Print rows and notes for the terminal."""
    rows = cells(table, metric)
    columns = Table(*rows[0], box=HORIZONTALS, show_edge=False, padding=(0, 1, 0, 0))
    for each in rows:
        columns.add_row(*each.values())
    console = Console(highlight=False)
    console.print(columns)
    console.print(*notes, sep="\n", markup=False)


def print_csv(table: pd.DataFrame, _metric: str, _notes: Sequence[str]) -> None:
    """Print all columns as CSV."""
    print(table.round(DIGITS).to_csv(index=False, lineterminator="\n"), end="")


def print_markdown(table: pd.DataFrame, metric: str, notes: Sequence[str]) -> None:
    """Print rows as a Markdown table, and the notes."""
    rows = cells(table, metric)
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(each.values()) for each in rows)]
    code = {"experiment", "settings"}
    for number, line in enumerate(lines):
        marked = [
            formatting.code(cell) if head in code and number > 1 and cell else cell
            for head, cell in zip(rows[0], line, strict=True)
        ]
        print(f"| {' | '.join(marked)} |")
    print("\n" + "\n\n".join(notes))


def describe(table: pd.DataFrame, metric: str, hidden: int, others: int) -> list[str]:
    """Return what the table may be used for, and what it leaves out.

    Args:
        table: the rows that are shown.
        metric: the metric that they are sorted by.
        hidden: number of matching rows that are not shown.
        others: number of experiments on other reviews.
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


def save(name: str, table: pd.DataFrame, corpus: Mapping[str, Any]) -> Study:
    """Write rows as the study `study/NAME`, and return it.

    Raises:
        InputError: the name is not valid, or the folder exists.
    """
    studies.check_name(name)
    folder = studies.FOLDER / name
    if folder.exists():
        raise InputError(f"{folder} exists: choose another name, or delete it")
    settings = differing_settings(table)
    shared = {
        str(column).removeprefix(PARAM): values.iloc[0]
        for column, values in table.filter(regex=f"^{PARAM}").items()
    }
    rows = table[[column for column in map(str, table) if not column.startswith(PARAM)]]
    chosen = table[[PARAM + key for key in settings]].rename(columns=lambda key: key[len(PARAM) :])
    about = About(
        command=f"birnn leaderboard --save {name}",
        corpus={key: corpus[key] for key in CORPUS},
        varied=["name"],
        settings=studies.shared_settings(shared, settings, list(NETWORKS)),
    )
    studies.write(Study(folder, about, pd.concat([rows, chosen], axis=1), pd.DataFrame()), {})
    written = studies.read(folder)
    figure.save(written)
    return written


def run(  # noqa: PLR0913  # one parameter per option
    where: Sequence[str],
    name: str,
    metric: str | None,
    count: int | None,
    show: Show,
    *,
    save_as: str | None,
) -> None:
    """Print the leaderboard of the current corpus, and save it if `save_as` names a study.

    Args:
        where: settings and their values, such as `train.epochs=3,5` (see `select`).
        name: pattern of names.
        metric: metric to sort by, or None for the default (see `sort`).
        count: number of rows, or None for all.
        show: prints the table.
        save_as: name of the study.

    Raises:
        InputError: an option is not valid, or no run matches.
    """
    found, corpus, others = collect_runs()
    table, metric = sort(select(found, where, name), metric)
    shown = table.iloc[:count]
    notes = describe(shown, metric, len(table) - len(shown), others)
    if save_as:
        notes.append(f"Saved in {save(save_as, shown, corpus).folder}.")
    show(shown, metric, notes)
