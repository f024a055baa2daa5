"""The figure of a study: the accuracies and the paired differences, every run and the means."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from birnn.evaluation.model_names import TITLES, pair_title
from birnn.reporting.colors import GRID, INK, MODELS
from birnn.reporting.conclusions import MEASURES, UNITS
from birnn.reporting.figures import PAIR_MARKERS, SIZE, STYLE, draw_legend
from birnn.reporting.study import ENDS, Study

WIDTH = 0.6  # of the networks of a group, in groups
DIFFERENCES = 1.6  # inches, height of the differences
SMALL = 8  # points, letters in the panels of differences
PERCENT = 100


def draw(study: Study) -> Figure:
    """Draw the accuracies of every run, and below them the differences of two networks of a seed.

    Next to the runs are the means, with the intervals of `Study.groups`. If the study has a
    comparison, there are differences in all its measures, otherwise in accuracy. If only the seed
    varies, lines join the networks of each seed.
    """
    groups = study.groups("accuracy")
    measures = ["accuracy"] if study.comparison is None else list(MEASURES)
    rows: list[Any] = [["runs"] * len(measures), measures] if groups[0].differences else [["runs"]]
    width, height = SIZE
    heights = [height, DIFFERENCES][: len(rows)]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, sum(heights)), layout="constrained")
        panels = figure.subplot_mosaic(rows, height_ratios=heights)
        runs = panels.pop("runs")
        runs.set_title(f"Test accuracy over seeds on {study.corpus['name']}")
        runs.set_ylabel("accuracy (%)")
        _draw_accuracies(runs, study)
        for measure, axes in panels.items():
            _draw_differences(axes, study, measure)
        for axes in (runs, *panels.values()):
            axes.grid(visible=False, axis="x")
            axes.set_xlim(-0.5, len(groups) - 0.5)
            axes.set_xticks(range(len(groups)), [])
        if study.varied:
            names = [", ".join(map(str, group.combination.values())) for group in groups]
        else:
            names = [f"{groups[0].seeds} seeds"]
        runs.set_xticks(range(len(groups)), names)
        runs.set_xlabel(", ".join(study.varied))
        draw_legend(figure)
    return figure


def shifts(count: int) -> list[float]:
    """Return the horizontal positions of `count` networks or pairs in their group, around 0."""
    return [(place - (count - 1) / 2) * WIDTH / count for place in range(count)]


def _draw_accuracies(axes: Axes, study: Study) -> None:
    groups, places = study.groups("accuracy"), shifts(len(study.networks))
    for network, shift in zip(study.networks, places, strict=True):
        runs = [study.group_runs(group)[f"{network}.accuracy"] for group in groups]
        means = [group.networks[network] for group in groups]
        style = {"color": MODELS[network], "marker": "o", "label": TITLES[network]}
        outwards = math.copysign(WIDTH / len(places) / 3, shift)
        _draw_runs(axes, *_scaled(runs, means, PERCENT), (shift, shift + outwards), style)
    if not study.varied:
        columns = [f"{network}.accuracy" for network in study.networks]
        lines = PERCENT * study.runs[columns].to_numpy().T
        axes.plot(places, lines, color=GRID, linewidth=1, zorder=0)


def _draw_differences(axes: Axes, study: Study, measure: str) -> None:
    groups = study.groups(measure)
    pairs = groups[0].differences
    scale = PERCENT if measure == "accuracy" else 1
    for index, (pair, shift) in enumerate(zip(pairs, shifts(len(pairs)), strict=True)):
        first, second = (f"{network}.{measure}" for network in pair)
        tables = [study.group_runs(group) for group in groups]
        runs = [table[first] - table[second] for table in tables]
        means = [group.differences[pair] for group in groups]
        style = {
            "color": INK,
            "marker": PAIR_MARKERS[index % len(PAIR_MARKERS)],
            "label": pair_title(*pair) if measure == "accuracy" else None,
        }
        places = shift, shift + WIDTH / len(pairs) / 3
        _draw_runs(axes, *_scaled(runs, means, scale), places, style)
    axes.axhline(0, color=GRID, linewidth=2, zorder=0)
    unit = f" ({UNITS[measure]})" if measure in UNITS else ""
    axes.set_title((MEASURES[measure] + unit).replace(" ", "\n"), fontsize=SMALL)
    axes.tick_params(axis="y", labelsize=SMALL)
    axes.yaxis.set_major_locator(MaxNLocator(3))


def _scaled(
    runs: Sequence[pd.Series], means: Sequence[Mapping[str, float]], scale: float
) -> tuple[list[pd.Series], pd.DataFrame]:
    """Return runs and means with their intervals in the unit of a panel."""
    return [scale * values for values in runs], scale * pd.DataFrame(means)[["mean", *ENDS]]


def _draw_runs(
    axes: Axes,
    runs: Sequence[pd.Series],
    means: pd.DataFrame,
    places: tuple[float, float],
    style: dict[str, Any],
) -> None:
    """Draw the runs of each group and their mean with its interval, at two places in the group."""
    for group, values in enumerate(runs):
        dots = style | {"linestyle": "none", "label": None}
        axes.plot([group + places[0]] * len(values), values, markersize=3, alpha=0.6, **dots)
    ends = (means["mean"] - means["low"], means["high"] - means["mean"])
    columns = np.arange(len(means)) + places[1]
    axes.errorbar(columns, means["mean"], yerr=ends, capsize=3, linestyle="none", **style)
