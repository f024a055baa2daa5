"""The leaderboard: finished experiments and the run in the working tree, in one table."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import fmean
from typing import Any

import pandas as pd
from rich.box import HORIZONTALS
from rich.console import Console
from rich.table import Table
from rich.text import Text

from birnn.core import paths, times
from birnn.core.errors import InputError
from birnn.core.integrity import Lock, read_lock
from birnn.core.outputs import atomic_file
from birnn.core.paths import STUDIES
from birnn.core.settings import flatten
from birnn.evaluation.model_names import NETWORKS, TITLES
from birnn.experiments import grid, runs
from birnn.experiments.runs import Run, training_seconds
from birnn.reporting.formatting import code
from birnn.reporting.leaderboard import (
    MARK,
    OTHER_CODE,
    PARAM,
    SAME_CODE,
    Entry,
    Leaderboard,
    rank,
)

FILE = STUDIES / "leaderboard.csv"
DIGITS = 6
WIDTH = 80  # columns of a terminal with room for the numbers next to the settings


Show = Callable[[Leaderboard, Sequence[str]], None]
"""A function that prints a leaderboard and its notes."""


def run(  # noqa: PLR0913  # one parameter per option
    where: Sequence[str],
    name: str,
    metric: str | None,
    count: int | None,
    show: Show,
    *,
    save: bool,
) -> None:
    """Print the leaderboard of the current corpus, and save it for the report if `save` is true.

    Args:
        where: settings and their values, such as `train.epochs=3,5` (see `select`).
        name: pattern of names.
        metric: metric to sort by, or None for the default (see `rank`).
        count: number of rows, or None for all.
        show: prints the leaderboard.
        save: write `study/leaderboard.csv` and its figure.

    Raises:
        InputError: an option is not valid, or no run matches.
    """
    table, others = collect()
    ranked = rank(select(table, where, name), metric)
    board = replace(ranked, table=ranked.table.iloc[:count])
    notes = describe(board, len(ranked.table) - len(board.table), others)
    if save:
        write(board)
        notes.append(f"Saved in {FILE}: dvc repro adds it to the report.")
    show(board, notes)


def collect() -> tuple[pd.DataFrame, int]:
    """Return one row per run with the reviews of the working tree (see `row`).

    Returns:
        The rows, and the number of experiments on other reviews.

    Raises:
        InputError: there are no rows.
    """
    current = runs.workspace()
    found = [*runs.finished_with_any_code(), *([current] if current else [])]
    reviews, current_code = _reviews(read_lock()), runs.current_code()
    same = [run for run in found if _reviews(run.lock) == reviews]
    recorded = times.read()
    rows = [
        row(run, training_seconds(run, recorded), is_current=run.code == current_code)
        for run in same
    ]
    if not rows:
        raise InputError("no finished run on the current corpus: run dvc repro or birnn sweep")
    return as_table(rows), len(found) - len(same)


def as_table(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return rows as a table. Settings that older code lacks are empty text."""
    table = pd.DataFrame(rows)
    return table.assign(**table.filter(regex=f"^{PARAM}").fillna(""))


def row(run: Run, seconds: Mapping[str, float], *, is_current: bool) -> dict[str, Any]:
    """Return the row of a run.

    It has `experiment`, `revision`, the `commit` that it started from, if its `code` is the current
    one, all settings (`params.train.epochs`) as text, all metrics that are numbers or text
    (`bigru.accuracy`), the ends of the intervals of accuracies (`bigru.accuracy_low`), the mean
    accuracies of the networks (`mean.accuracy`) and training times (`bigru.seconds`).
    """
    metrics: dict[str, Any] = {
        f"{section}.{measure}": value
        for section, values in run.metrics.items()
        if isinstance(values, dict)
        for measure, value in values.items()
        if isinstance(value, int | float | str)
    }
    for model in TITLES:
        # Older code computed no intervals.
        ends = run.metrics.get(model, {}).get("accuracy_interval", (math.nan, math.nan))
        metrics[f"{model}.accuracy_low"], metrics[f"{model}.accuracy_high"] = ends
    for measure in ("accuracy", "holdout_accuracy"):
        names = [f"{network}.{measure}" for network in NETWORKS]
        if all(name in metrics for name in names):
            metrics[f"mean.{measure}"] = round(fmean(metrics[name] for name in names), DIGITS)
    return {
        "experiment": run.name,
        "revision": run.revision,
        "commit": run.baseline,
        "code": SAME_CODE if is_current else OTHER_CODE,
        **{PARAM + name: as_text(value) for name, value in flatten(run.params).items()},
        **metrics,
        **{f"{model}.seconds": seconds[model] for model in TITLES},
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
    table = table[[fnmatchcase(each, name) for each in table["experiment"]]]
    if table.empty:
        raise InputError("no run on the current corpus matches: check --where and --name")
    return table


def print_table(board: Leaderboard, notes: Sequence[str]) -> None:
    """Print the leaderboard, with the numbers below the settings if the terminal is narrow."""
    console = Console(highlight=False)
    is_wide = console.width >= WIDTH
    table = Table(box=HORIZONTALS, show_lines=True, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("experiment", overflow="fold")
    for heading in _columns(board, board.entries[0]) if is_wide else ():
        table.add_column(heading, no_wrap=True)
    for entry in board.entries:
        settings = entry.settings | ({board.metric: entry.score} if entry.score else {})
        about = Text(entry.name, style="bold")
        about.append("".join(f"\n{key}: {value}" for key, value in settings.items()), "not bold")
        columns = _columns(board, entry)
        if is_wide:
            table.add_row(about, *map("\n".join, columns.values()))
            continue
        for title, *values in zip(*columns.values(), strict=True):
            pairs = map(" ".join, zip(list(columns)[1:], values, strict=True))
            about.append(f"\n{title}: {', '.join(pairs)}", "not bold")
        table.add_row(about)
    console.print(table)
    console.print(*notes, sep="\n", markup=False)


def _columns(board: Leaderboard, entry: Entry) -> dict[str, list[str]]:
    """Return the columns of a row next to its settings, by heading: one value per model."""
    columns = {
        "": {model: TITLES[model] for model in board.models},
        "test accuracy (%)": entry.accuracies,
        "held out": entry.held_out,
        "training": entry.training,
    }
    return {
        heading: [value.replace(" to ", "–") for value in column.values()]
        for heading, column in columns.items()
        if column
    }


def print_markdown(board: Leaderboard, notes: Sequence[str]) -> None:
    """Print the leaderboard as a Markdown table with one row per run, and the notes."""
    print(as_markdown(board))
    print("\n\n".join(notes))


def print_csv(board: Leaderboard, _notes: Sequence[str]) -> None:
    """Print all columns of the leaderboard as CSV."""
    print(as_csv(board), end="")


def describe(board: Leaderboard, more: int, others: int) -> list[str]:
    """Return what the leaderboard may be used for, and what it leaves out.

    Args:
        board: the leaderboard.
        more: number of matching rows that are not in it.
        others: number of experiments on other reviews.
    """
    notes = [
        board.purpose,
        "Parentheses: 95% intervals over test reviews. Each row is a single run.",
    ]
    if board.has_other_code:
        notes.append(f"Rows with {MARK} ran with other code, which may explain a difference.")
    if more:
        notes.append(f"Not shown: {more} by --count.")
    if others:
        notes.append(f"Not shown: {others} on another corpus.")
    return notes


def as_markdown(board: Leaderboard) -> str:
    """Return the leaderboard as a Markdown table with one row per run."""
    rows = []
    for entry in board.entries:
        cells = {"experiment": code(entry.name)}
        cells |= {code(name): code(value) for name, value in entry.settings.items()}
        columns = {"": entry.accuracies, ", held out": entry.held_out, ", training": entry.training}
        for suffix, column in columns.items():
            cells |= {TITLES[model] + suffix: text for model, text in column.items()}
        rows.append(cells | ({board.metric: entry.score} if entry.score else {}))
    lines = [rows[0], dict.fromkeys(rows[0], "---"), *rows]
    lines[0] = dict(zip(rows[0], rows[0], strict=True))
    return "".join(f"| {' | '.join(line.values())} |\n" for line in lines)


def as_csv(board: Leaderboard) -> str:
    """Return all columns of the leaderboard as CSV (see `row`)."""
    return board.table.round(DIGITS).to_csv(index=False, lineterminator="\n")


def write(board: Leaderboard, file: Path = FILE) -> None:
    """Write the leaderboard as CSV and its figure as PNG, for the report."""
    # Only this command draws.
    from birnn.reporting import figures, leaderboard_figure  # noqa: PLC0415

    with atomic_file(file) as part:
        part.write_text(as_csv(board), encoding="utf-8", newline="\n")
    figures.save(leaderboard_figure.draw(rank(board.table)), file.with_suffix(".png"))


def _reviews(lock: Lock) -> dict[str, str]:
    """Return the hashes of the training and test reviews."""
    return {
        dependency["path"]: dependency["md5"]
        for stage in lock["stages"].values()
        for dependency in stage["deps"]
        if Path(dependency["path"]).match(f"{paths.CORPUS.as_posix()}/*.parquet")
    }
