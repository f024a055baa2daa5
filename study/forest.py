"""Forest plots: differences with their intervals, one row each."""

from collections.abc import Mapping
from textwrap import fill

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from birnn.style.colors import GRID, INK, NETWORK_COLORS
from birnn.style.formatting import points
from birnn.style.plotting import STYLE, new_figure
from birnn_lab.studies.differences import Difference

ROW, LINE, MARGIN = 0.12, 0.17, 0.9  # inches: between rows, of a difference, of the axes
LABEL_WIDTH = 24  # letters of a line of a label
SERIES = [(INK, "o"), (NETWORK_COLORS["blue"][0], "s"), (NETWORK_COLORS["vermilion"][0], "D")]


def draw(
    message: str,
    label: str,
    rows: Mapping[str, Mapping[str, Difference]],
    margin: float = 0,
) -> Figure:
    """Draw differences in points.

    Args:
        message: the title.
        label: what the differences are.
        rows: differences by the name of the row and of their series.
        margin: differences within this many points of 0 are practically equal; 0 for no margin.
    """
    series = [*dict.fromkeys(name for differences in rows.values() for name in differences)]
    names = [fill(name, LABEL_WIDTH) for name in rows]
    lines = [
        max(len(differences), 1 + name.count("\n"))
        for name, differences in zip(names, rows.values(), strict=True)
    ]
    height = MARGIN + ROW * len(rows) + LINE * (sum(lines) + len(series))
    with mpl.rc_context(STYLE):
        figure = new_figure(message, height)
        axes = figure.subplots()
        axes.axvspan(-margin, margin, color=GRID, alpha=0.5, linewidth=0, zorder=0)
        axes.axvline(0, color=INK, linewidth=0.8, zorder=0)
        top, ticks = 0.0, []
        for differences, count in zip(rows.values(), lines, strict=True):
            ticks.append(top + LINE * count / 2)
            place = ticks[-1] - LINE * (len(differences) - 1) / 2
            for each, difference in differences.items():
                mean, low, high = 100 * np.array([difference.mean, difference.low, difference.high])
                color, marker = SERIES[series.index(each)]
                axes.plot([low, high], [place, place], color=color)
                legend = each if not any(each == line.get_label() for line in axes.lines) else None
                axes.plot(mean, place, marker, color=color, ms=4, label=legend)
                axes.text(high, place, f"  {points(difference.mean)}", color=color, va="center")
                place += LINE
            top += LINE * count + ROW
        axes.set(xlabel=label, ylim=(top, -ROW), xmargin=0.2)
        axes.set_yticks(ticks, names)
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        if len(series) > 1:
            figure.legend(loc="outside lower left", frameon=False)
    return figure
