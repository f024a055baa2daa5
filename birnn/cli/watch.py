"""Watch the trainings in progress: their remaining time and their curves."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import plotext
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from birnn.experiments import running
from birnn.training.live import Training
from birnn.training.splits import TRAINING

INTERVAL = 1.0  # seconds between two updates
PATIENCE = 20.0  # seconds without a training before the end; DVC may start the next experiment
COLORS = (4, 1, 2, 5, 6, 3)  # of the rows; ANSI colors, which suit the theme of the terminal
MEASURES = ("accuracy", "loss")
TICKS = 5  # epochs below a plot
MIN_HEIGHT = 6  # lines of a plot
WIDTH = 80  # columns of a terminal with room for progress bars
NO_TRAINING = (
    "No training is in progress: start one with dvc repro, dvc exp run or birnn sweep, then run "
    "birnn watch again."
)


def run(html: Path | None) -> None:
    """Show the trainings in progress until nothing runs, or the last ones if nothing runs.

    If `html` is given, also write a page to this file.
    """
    page, trainings = None, list[Training]()
    if html:
        # Matplotlib takes a second to import.
        from birnn.cli.watch_page import Page  # noqa: PLC0415

        page = Page(html)
    console = Console(highlight=False)
    try:
        with Live(console=console, auto_refresh=False, vertical_overflow="crop") as display:
            for trainings in snapshots():
                display.update(render(trainings, *console.size), refresh=True)
                if page:
                    page.update(trainings)
    finally:
        if page:  # otherwise, it would reload itself forever
            page.update(trainings, is_last=True)
    if trainings and not console.is_terminal:
        console.line()  # `Live` ends its last line only in a terminal
    console.print(NO_TRAINING)


def snapshots(interval: float = INTERVAL, patience: float = PATIENCE) -> Iterator[list[Training]]:
    """Yield the trainings to show every `interval` seconds while there are some or DVC runs.

    Trainings that end meanwhile are still shown, for `patience` seconds after the last one. If
    nothing runs at the start, yield the last trainings once.
    """
    found = running.find_trainings()
    shown = merge(found, [])
    if not shown and not running.is_dvc_running():
        if found:
            yield found
        return
    end = math.inf
    while time.monotonic() < end:
        yield shown
        time.sleep(interval)
        shown = merge(running.find_trainings(), shown)
        is_active = running.is_dvc_running() or not all(training.finished for training in shown)
        end = math.inf if is_active else min(end, time.monotonic() + patience)


def merge(found: Sequence[Training], shown: Sequence[Training]) -> list[Training]:
    """Return the trainings in progress, followed by `shown` trainings that have ended."""
    # A killed experiment may have left a folder of the same name: those in progress come last.
    ordered = sorted(found, key=lambda training: not training.finished)
    current = {_key(training): training for training in ordered}
    active = {key: training for key, training in current.items() if not training.finished}
    # DVC deletes the folder of an experiment that has ended.
    known = {_key(last): current.get(_key(last), replace(last, finished=True)) for last in shown}
    return list((active | known).values())


def render(trainings: Sequence[Training], width: int, height: int) -> Group:
    """Return a table of the trainings and plots of their curves that fit a terminal."""
    if not trainings:
        return Group("DVC runs other stages: no training has started yet.")
    rows = trainings[: min(len(COLORS), height // 3)]
    is_wide = width >= WIDTH
    table = Table(box=None, expand=True, padding=(0, 1 + is_wide, 0, 0))
    for title in ("", "network", "experiment", "epoch", *[""] * is_wide, "accuracy", "time left"):
        table.add_column(title, no_wrap=True, ratio=1 if title == "experiment" else None)
    for number, training in enumerate(rows):
        bar = ProgressBar(total=training.epochs, completed=training.progress, width=16)
        table.add_row(
            Text(str(number + 1), style=f"color({COLORS[number]})"),
            training.network,
            training.experiment,
            f"{training.epoch}/{training.epochs}",
            *[bar] * is_wide,
            training.accuracy,
            training.time_left,
        )
    plots = Table.grid()
    size = width // len(MEASURES), height - len(rows) - 3
    plots.add_row(*(Text.from_ansi(plot(rows, measure, *size)) for measure in MEASURES))
    splits = {str(row["split"]) for training in rows for row in training.curves} - {TRAINING}
    caption = f"dots: {TRAINING}; lines: {', '.join(sorted(splits))}" if splits else ""
    left_out = len(trainings) - len(rows)
    hidden = f"trainings not shown: {left_out}" if left_out else ""
    return Group(table, plots, Text("; ".join(filter(None, (caption, hidden))), style="dim"))


def plot(trainings: Sequence[Training], measure: str, width: int, height: int) -> str:
    """Return the curves of the trainings as text with ANSI colors; empty if they have no curves.

    Each curve ends in the number of its row.
    """
    if height < MIN_HEIGHT or not any(training.curves for training in trainings):
        return ""
    figure = plotext.figure.clear().theme("colorless").plot_size(width, height).title(measure)
    ends = []
    for number, training in enumerate(trainings):
        for split in dict.fromkeys(row["split"] for row in training.curves):
            points = [row for row in training.curves if row["split"] == split]
            x, y = [row["epoch"] for row in points], [row[measure] for row in points]
            is_training, color = split == TRAINING, COLORS[number]
            marker = plotext.marker("•" if is_training else "braille", color)
            figure.draw(figure.signal(x, y, marker=marker).lines(not is_training))
            if not is_training:
                label = plotext.marker(str(number + 1), color)
                ends.append(figure.signal(x[-1:], y[-1:], marker=label))
    for end in ends:  # above all lines
        figure.draw(end)
    epochs = max(training.epochs for training in trainings)
    step = -(-epochs // TICKS)
    figure.ruler("x").ticks([1, *range(step, epochs + 1, step)])
    return str(figure.build().string()).rstrip("\n")


def _key(training: Training) -> tuple[str, str]:
    return training.experiment, training.network
