"""The figure of the leaderboard: the test accuracy of each run."""

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from birnn.evaluation.model_names import TITLES
from birnn.reporting.colors import MODELS
from birnn.reporting.figures import STYLE, draw_legend
from birnn.reporting.ladder_figure import MARKERS
from birnn.reporting.leaderboard import Leaderboard

MOST = 25  # rows that stay readable
WIDTH, ROW, FRAME = 4.6, 0.26, 1.3  # inches; the frame has the title, the axis and the legend
LEAST_HEIGHT = 3.3  # inches
SPREAD = 0.6  # of the models of a run, in rows
LABEL = 24  # letters


def draw(board: Leaderboard) -> Figure:
    """Draw the first runs of the leaderboard, with 95% intervals over test reviews."""
    rows = board.table.head(MOST)
    names = [shortened(entry.name) for entry in board.entries[:MOST]]
    left_out = len(board.table) - len(rows)
    with mpl.rc_context(STYLE):
        height = max(LEAST_HEIGHT, FRAME + ROW * len(rows))
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = figure.subplots()
        for place, model in enumerate(board.models):
            shift = (place - (len(board.models) - 1) / 2) * SPREAD / len(board.models)
            value, low, high = (
                100 * rows[f"{model}.{name}"].to_numpy(dtype=np.float64)
                for name in ("accuracy", "accuracy_low", "accuracy_high")
            )
            style: Any = {"color": MODELS[model], "marker": MARKERS[model], "markersize": 3.5}
            axes.errorbar(
                value,
                np.arange(len(rows)) + shift,
                xerr=(value - low, high - value),
                linestyle="none",
                label=TITLES[model],
                **style,
            )
        axes.set_yticks(range(len(rows)), names, parse_math=False)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlabel("test accuracy (%)")
        corpus = rows["corpus.name"].iloc[0]
        note = f"\n(the first {MOST} of {len(board.table)})" if left_out else ""
        figure.suptitle(f"Test accuracy of experiments on {corpus}{note}", fontsize=10)
        draw_legend(figure)
    return figure


def shortened(name: str) -> str:
    """Shorten a long name in its middle, since the seed is at its end."""
    half = LABEL // 2
    return name if len(name) <= LABEL else f"{name[:half]}…{name[-half + 1 :]}"
