"""The figure of the ladder: accuracy against the time that training takes."""

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from birnn.figures import COLORS, INK, LINES, STYLE
from birnn.ladder import ALL, BLEND_TITLES, Ladder
from birnn.models import BASELINE
from birnn.published import PUBLISHED

SIZE = (6.4, 4.8)  # inches
DRAWN = {"bilstm": "o", "bigru": "s", ALL: "D"}
# Of a number from its mark, in points.
OFFSETS = {"bilstm": (4, -9), "bigru": (-9, -9), ALL: (2, 5)}
LABEL_HEIGHT = 0.5  # points of accuracy
COLOR_OF_BLEND = "#6a3d9a"
MINUTES = (0.5, 1, 2, 5, 10, 20, 60)


def draw(ladder: Ladder) -> Figure:
    """Return the test accuracies of each rung, numbered, with 95 % intervals over seeds.

    The baseline of the last rung is a line, and published networks are marks beside the axes.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.subplots()
        axes.set_title(f"Rungs of the ladder on {ladder.corpus['name']}")
        axes.set_xlabel("training, in minutes")
        axes.set_ylabel("accuracy on the test split (%)")
        axes.set_xscale("log")
        axes.set_xticks([60 * minutes for minutes in MINUTES], [f"{m:g}" for m in MINUTES])
        axes.xaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
        for model, marker in DRAWN.items():
            _draw_model(axes, ladder, model, marker)
        baseline = 100 * ladder.rungs[-1].models[BASELINE].test
        axes.axhline(
            baseline,
            label=BLEND_TITLES[BASELINE],
            color=COLORS[BASELINE],
            linestyle=LINES[BASELINE],
        )
        _draw_published(axes)
        figure.legend(loc="outside lower center", ncols=2)
    return figure


def _draw_model(axes: Axes, ladder: Ladder, model: str, marker: str) -> None:
    results = [rung.models[model] for rung in ladder.rungs]
    seconds = np.array([result.seconds for result in results])
    shares = 100 * np.array([result.test for result in results])
    color = COLORS.get(model, COLOR_OF_BLEND)
    ends = [result.interval or (result.test, result.test) for result in results]
    low, high = 100 * np.array(ends).T
    axes.errorbar(
        seconds,
        shares,
        yerr=(shares - low, high - shares),
        label=BLEND_TITLES[model],
        color=color,
        marker=marker,
        markersize=4,
        capsize=2,
        linewidth=0.8,
    )
    for number, place in enumerate(zip(seconds, shares, strict=True), start=1):
        offset = OFFSETS[model]
        axes.annotate(
            str(number), place, offset, textcoords="offset points", fontsize=8, color=color
        )


def _draw_published(axes: Axes) -> None:
    beside = axes.get_yaxis_transform()
    axes.annotate("published:", (1.05, 1), xycoords="axes fraction", va="center", fontsize=7)
    lowest_free = -np.inf
    for one in sorted(PUBLISHED, key=lambda one: one.accuracy):
        share = 100 * one.accuracy
        height = max(share, lowest_free)
        lowest_free = height + LABEL_HEIGHT
        line = [1, 1.02, 1.04], [share, share, height]
        axes.plot(*line, color=INK, transform=beside, linewidth=0.8, clip_on=False)
        axes.annotate(
            one.system, (1.05, height), xycoords=beside, va="center", fontsize=7, color=INK
        )
