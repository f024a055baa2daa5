"""The figure of the ladder: accuracy against the time that training takes."""

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from birnn.evaluation.model_names import ALL, BASELINE, BLEND_TITLES
from birnn.reporting.colors import INK, MODELS
from birnn.reporting.figures import LINES, STYLE
from birnn.reporting.ladder import Ladder
from birnn.reporting.references import PUBLISHED

SIZE = (4.6, 4.6)  # inches, see `figures`
DRAWN = {"bilstm": "o", "bigru": "s", ALL: "D"}
# Of a number from its mark, in points.
OFFSETS = {"bilstm": (8, -5), "bigru": (-8, -5), ALL: (1, 10)}
CLOSE = 20  # marks within so many pixels
LABEL_HEIGHT = 0.8  # of a published network's name, in points of accuracy
ROOM_FOR_NAMES = 0.6  # of the least time
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
        lines = {name: _draw_model(axes, ladder, name, marker) for name, marker in DRAWN.items()}
        baseline = 100 * ladder.rungs[-1].models[BASELINE].test
        axes.axhline(
            baseline,
            label=BLEND_TITLES[BASELINE],
            color=MODELS[BASELINE],
            linestyle=LINES[BASELINE],
        )
        _draw_published(axes)
        figure.legend(loc="outside lower center", ncols=2)
        figure.draw_without_rendering()  # so that it is known where the marks are
        for model, line in lines.items():
            _number_rungs(axes, line, OFFSETS[model])
    return figure


def _draw_model(axes: Axes, ladder: Ladder, model: str, marker: str) -> ErrorbarContainer:
    results = [rung.models[model] for rung in ladder.rungs]
    seconds = np.array([result.seconds for result in results])
    shares = 100 * np.array([result.test for result in results])
    color = MODELS[model]
    ends = [result.interval or (result.test, result.test) for result in results]
    low, high = 100 * np.array(ends).T
    return axes.errorbar(
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


def _number_rungs(axes: Axes, line: ErrorbarContainer, offset: tuple[int, int]) -> None:
    """Write each rung's number beside its mark, at the other side where the next mark is there."""
    marks = line.lines[0]
    places = np.asarray(marks.get_xydata())
    steps = np.diff(axes.transData.transform(places), axis=0, append=np.inf)
    x, y = offset
    for number, (place, step) in enumerate(zip(places, steps, strict=True), start=1):
        covered = 0 < step[0] * np.sign(x) < CLOSE and abs(step[1]) < CLOSE
        axes.annotate(
            str(number),
            tuple(place),
            (-x if covered else x, y),
            textcoords="offset points",
            ha="center",
            va="center",
            color=marks.get_color(),
        )


def _draw_published(axes: Axes) -> None:
    """Name published networks at the left, where no rung is as accurate in so short a time."""
    beside = axes.get_yaxis_transform()
    lowest_free = -np.inf
    for one in sorted(PUBLISHED, key=lambda one: one.accuracy):
        share = 100 * one.accuracy
        height = max(share, lowest_free)
        lowest_free = height + LABEL_HEIGHT
        axes.plot([0, 0.03, 0.05], [share, share, height], color=INK, transform=beside, lw=0.8)
        axes.annotate(one.system, (0.06, height), xycoords=beside, va="center", color=INK)
    axes.annotate("published:", (0.06, lowest_free), xycoords=beside, va="center", color=INK)
    axes.set_xlim(left=axes.get_xlim()[0] * ROOM_FOR_NAMES)
    axes.set_ylim(top=lowest_free + LABEL_HEIGHT)
