"""The figure of the differences between networks after each epoch, over seeds."""

from itertools import cycle

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from birnn.evaluation.intervals import lowest_value
from birnn.evaluation.model_names import PAIRS, pair_title
from birnn.reporting import statistics
from birnn.reporting.colors import GRID, INK
from birnn.reporting.figures import PAIR_MARKERS, SIZE, STYLE, draw_legend
from birnn.reporting.study import SEED

PANELS = {
    "accuracy": ("accuracy difference\n(points)", 100),
    "loss": ("loss difference\n(nats)", 1),
}
LINE, BAND = 0.3, 0.15  # opacities of the line of a seed, and of a band


def draw(epochs: pd.DataFrame) -> Figure:
    """Draw the differences of accuracy and loss: lines of seeds, their means, and bands.

    Args:
        epochs: one row per seed, network and epoch (see `Study.epochs`).
    """
    width, height = SIZE
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, 1.3 * height), layout="constrained")
        panels = figure.subplots(len(PANELS), 1, sharex=True)
        for axes, (measure, (label, scale)) in zip(panels, PANELS.items(), strict=True):
            pairs = differences(epochs, measure).items()
            for marker, (pair, table) in zip(cycle(PAIR_MARKERS), pairs, strict=False):
                title = pair_title(*pair) if axes is panels[0] else None
                _draw_pair(axes, scale * table, scale * bands(table, measure), title, marker)
            axes.axhline(0, color=GRID, linewidth=2, zorder=0)
            axes.set_ylabel(label)
        panels[0].set_title("Differences after each epoch, over seeds")
        panels[-1].set_xlabel("epoch")
        panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
        draw_legend(figure)
    return figure


def differences(epochs: pd.DataFrame, measure: str) -> dict[tuple[str, str], pd.DataFrame]:
    """Return the difference of each pair of networks, one row per seed and one column per epoch.

    Networks without epochs, such as those that are newer than a study, are left out.
    """
    tables = {
        name: rows.pivot_table(measure, SEED, "epoch") for name, rows in epochs.groupby("model")
    }
    return {
        (first, second): tables[first] - tables[second]
        for first, second in PAIRS
        if {first, second} <= set(tables)
    }


def bands(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return the `mean`, `low` and `high` end of the band over seeds, one row per epoch.

    The 95% intervals of all epochs are simultaneous (Bonferroni's inequality), by Student's t.
    """
    lowest = lowest_value(measure, difference=True)
    spreads = [statistics.spread(table[epoch], len(table.columns), lowest) for epoch in table]
    rows = [(spread.mean, *(spread.interval or (np.nan, np.nan))) for spread in spreads]
    return pd.DataFrame(rows, index=table.columns, columns=["mean", "low", "high"])


def _draw_pair(
    axes: Axes, table: pd.DataFrame, band: pd.DataFrame, title: str | None, marker: str
) -> None:
    axes.plot(table.T, color=INK, alpha=LINE, linewidth=0.7)
    axes.fill_between(band.index, band["low"], band["high"], color=INK, alpha=BAND, linewidth=0)
    axes.plot(band["mean"], color=INK, marker=marker, markersize=4, label=title)
