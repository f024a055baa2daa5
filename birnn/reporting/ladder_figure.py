"""The figure of the ladder: accuracy and training time of each recipe."""

from itertools import cycle
from textwrap import fill
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from birnn.evaluation.model_names import ALL, BASELINE, BLEND_TITLES, NETWORKS
from birnn.reporting.colors import INK, MODELS
from birnn.reporting.figures import STYLE
from birnn.reporting.ladder import Ladder
from birnn.reporting.references import published_on

SIZE = (4.6, 7.6)  # inches, see `figures`
# Markers of the networks, in the order of the registry.
NETWORK_MARKERS = ("o", "s", "v", "P", "X")
MARKERS = dict(zip(NETWORKS, cycle(NETWORK_MARKERS), strict=False)) | {BASELINE: "^", ALL: "D"}
SPREAD = 0.8  # of the models of a rung, in rungs
LABEL_WIDTH = 19  # in letters


def draw(ladder: Ladder) -> Figure:
    """Draw the test accuracy of each rung, with 95% intervals over seeds, and the training time.

    Published results follow below the rungs.
    """
    published = published_on(ladder.corpus["name"])
    labels = [f"{number} {rung.name}" for number, rung in enumerate(ladder.rungs, start=1)]
    labels += ["published:"] * bool(published) + [result.system for result in published]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=SIZE, layout="constrained")
        accuracy, minutes = figure.subplots(1, 2, sharey=True, width_ratios=(2, 1))
        models = [*ladder.networks, BASELINE, ALL]
        for place, model in enumerate(models):
            shift = (place - (len(models) - 1) / 2) * SPREAD / len(models)
            _draw_model(accuracy, minutes, ladder, model, shift)
        first = len(labels) - len(published)
        for row, result in enumerate(published, start=first):
            accuracy.plot(100 * result.accuracy, row, color=INK, marker="x", linestyle="none")
        lines = [fill(label, LABEL_WIDTH, break_on_hyphens=False) for label in labels]
        accuracy.set_yticks(range(len(labels)), lines)
        accuracy.set_ylim(len(labels) - 0.5, -0.5)
        accuracy.set_xlabel("test accuracy (%)")
        minutes.set_xlabel("training (minutes)")
        minutes.set_xscale("log")
        fastest, slowest = np.floor(np.log10(minutes.dataLim.intervalx))
        minutes.set_xlim(10**fastest, 10 ** (slowest + 1))
        minutes.xaxis.set_major_locator(LogLocator(numticks=6))
        minutes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        minutes.minorticks_off()
        minutes.tick_params(axis="y", length=0)
        figure.suptitle(
            f"Accuracy and training time of recipes on {ladder.corpus['name']}", fontsize=10
        )
        figure.legend(*accuracy.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def _draw_model(accuracy: Axes, minutes: Axes, ladder: Ladder, model: str, shift: float) -> None:
    """Draw the results of one model, `shift` rungs below the middle of each rung."""
    results = [rung.models[model] for rung in ladder.rungs]
    rows = np.arange(len(results)) + shift
    means = 100 * np.array([result.test for result in results])
    low, high = 100 * np.array([result.interval or (result.test,) * 2 for result in results]).T
    style: Any = {"color": MODELS[model], "marker": MARKERS[model], "linestyle": "none"}
    style |= {"label": BLEND_TITLES[model], "markersize": 3.5}
    accuracy.errorbar(means, rows, xerr=(means - low, high - means), capsize=2, **style)
    minutes.plot([result.seconds / 60 for result in results], rows, **style)
