"""HTML page with the trainings in progress, which reloads itself."""

import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd

from birnn.cli.watch import MEASURES
from birnn.core.outputs import write_text
from birnn.evaluation.model_names import TITLES
from birnn.reporting import figures, page, svg
from birnn.style import plotting
from birnn.style.colors import INK, MODEL_COLORS
from birnn.training.live import Training
from birnn.training.splits import TRAINING

INTERVAL = 5  # seconds between two versions of the page, and between two reloads


class Page:
    """A page in a file."""

    def __init__(self, file: Path) -> None:
        """Name the file."""
        self._file = file
        self._curves: list[Any] | None = None
        self._drawings: dict[str, str] = {}
        self._written = 0.0

    def update(self, trainings: Sequence[Training], *, is_last: bool = False) -> None:
        """Write the page every few seconds, such that a browser reloads it until the last time."""
        if not is_last and time.monotonic() - self._written < INTERVAL:
            return
        curves = [training.curves for training in trainings]
        if curves != self._curves:  # drawing takes as long as several batches
            self._curves = curves
            self._drawings = {measure: draw(trainings, measure) for measure in MEASURES}
        html = page.render(markdown(trainings), self._drawings)
        if not is_last:
            reload = f'<meta http-equiv="refresh" content="{INTERVAL}">\n<title>'
            html = html.replace("<title>", reload, 1)
        write_text(self._file, html)
        self._written = time.monotonic()


def markdown(trainings: Sequence[Training]) -> str:
    """Return the content of the page: a table of the trainings, and their curves."""
    rows = [
        f"| {number} {title(training)} {training.experiment} | {training.epoch}/{training.epochs} "
        f"| {training.accuracy} | {training.time_left} |\n"
        for number, training in enumerate(trainings, start=1)
    ]
    header = "| training | epoch | accuracy | time left |\n|---|--:|--:|--:|\n"
    table = header + "".join(rows) if rows else "No training is in progress.\n"
    images = " ".join(f"![{measure} per epoch]({measure})" for measure in MEASURES)
    return f"# Trainings\n\n{table}\n{images}\n"


def draw(trainings: Sequence[Training], measure: str) -> str:
    """Return the curves of all trainings as an `svg` element, with the numbers of their rows."""
    with mpl.rc_context(plotting.STYLE):
        figure, axes = plotting.single_axes(f"{measure.capitalize()} per epoch", "epoch", measure)
        forms: dict[str, str] = {}
        lines = zip(trainings, cycle(plotting.NETWORK_LINES), strict=False)
        for number, (training, line) in enumerate(lines, start=1):
            if training.curves:
                rows = pd.DataFrame(training.curves)
                watched = str(rows["split"].iloc[-1])
                style = {"color": MODEL_COLORS.get(training.network, INK), "linestyle": line}
                labels = {watched: f"{number} {title(training)}"}
                figures.draw_curves(axes, rows, measure, labels, style)
                forms |= {TRAINING: "o", watched: "-"}
        for split, form in forms.items():  # in the color of the text
            axes.plot([], [], form, color=INK, label=split)
        plotting.draw_legend(figure)
        return svg.inline(figure, measure)


def title(training: Training) -> str:
    """Return the title of a network, or its name if it has been removed since."""
    return str(TITLES.get(training.network, training.network))
