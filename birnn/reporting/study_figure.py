"""The figure of a study: the accuracies and the paired differences, every run and the means."""

import math
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from birnn.evaluation.model_names import TITLES, pair_title
from birnn.reporting.colors import GRID, INK, MODELS
from birnn.reporting.conclusions import MEASURES, UNITS
from birnn.reporting.figures import PAIR_MARKERS, SIZE, STYLE, draw_legend
from birnn.reporting.study import ENDS, Study

WIDTH = 0.6  # of the networks of a group, in groups
DIFFERENCES = 2.2  # inches, height of the differences
SMALL = 8  # points, letters in the panels of differences


def draw(study: Study) -> Figure:
    """Draw the accuracies of every run, and below them the differences of two networks of a seed.

    Next to the runs are the means, with the intervals of `Study.groups`. If the study has a
    comparison, there are differences in all its measures, otherwise in accuracy. If only the seed
    varies, lines join the networks of each seed.
    """
    groups = study.groups("accuracy")
    measures = ["accuracy"] if study.comparison is None else list(MEASURES)
    rows: list[Any] = [["all"] * len(measures), measures] if groups[0].differences else [["all"]]
    names = [", ".join(map(str, group.combination.values())) for group in groups]
    several = len(groups) > 1
    fixed = [f"{name} {value}" for name, value in groups[0].combination.items()]
    width, height = SIZE
    heights = [height, DIFFERENCES][: len(rows)]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, sum(heights)), layout="constrained")
        panels = figure.subplot_mosaic(rows, height_ratios=heights)
        for axes in panels.values():
            axes.grid(visible=False, axis="x")
            axes.set_xlim(-0.5, len(groups) - 0.5)
            axes.set_xticks(range(len(groups)), names if several else [])
        upper = panels.pop("all")
        upper.set_title(f"Test accuracy over seeds on {study.corpus['name']}")
        upper.set_ylabel("accuracy (%)")
        upper.set_xlabel(
            ", ".join([*(study.varied if several else fixed), f"{groups[0].seeds} seeds"])
        )
        _draw_accuracies(upper, study)
        for measure, axes in panels.items():
            _draw_differences(axes, study, measure)
        if panels:
            panels["accuracy"].set_ylabel("difference")
        draw_legend(figure)
    return figure


def shifts(count: int) -> list[float]:
    """Return the horizontal positions of `count` networks or pairs in their group, around 0."""
    return [(place - (count - 1) / 2) * WIDTH / count for place in range(count)]


def _draw_accuracies(axes: Axes, study: Study) -> None:
    groups, places = study.groups("accuracy"), shifts(len(study.networks))
    columns = [f"{network}.accuracy" for network in study.networks]
    for network, column, place in zip(study.networks, columns, places, strict=True):
        runs = [study.group_runs(group)[column] for group in groups]
        means = [group.networks[network] for group in groups]
        mean_place = place + math.copysign(WIDTH / len(places) / 3, place)
        style = {"color": MODELS[network], "marker": "o", "label": TITLES[network]}
        _draw_runs(axes, runs, means, (place, mean_place), style)
    if not study.varied:
        axes.plot(places, study.runs[columns].to_numpy().T, color=GRID, linewidth=1, zorder=0)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=1, symbol=""))


def _draw_differences(axes: Axes, study: Study, measure: str) -> None:
    groups = study.groups(measure)
    pairs = groups[0].differences
    places, markers = shifts(len(pairs)), cycle(PAIR_MARKERS)
    for pair, place, marker in zip(pairs, places, markers, strict=False):
        tables = map(study.group_runs, groups)
        first, second = (f"{network}.{measure}" for network in pair)
        runs = [table[first] - table[second] for table in tables]
        means = [group.differences[pair] for group in groups]
        mean_place = place + WIDTH / len(pairs) / 3
        label = pair_title(*pair) if measure == "accuracy" else None
        style = {"color": INK, "marker": marker, "label": label}
        _draw_runs(axes, runs, means, (place, mean_place), style)
    axes.axhline(0, color=GRID, linewidth=1.5, zorder=0)
    unit = f"\n({UNITS[measure]})" if measure in UNITS else ""
    axes.set_title(MEASURES[measure].replace(" ", "\n") + unit, fontsize=SMALL)
    axes.tick_params(axis="y", labelsize=SMALL)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    if measure == "accuracy":
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=1, symbol=""))


def _draw_runs(
    axes: Axes,
    runs: Sequence[pd.Series],
    means: Sequence[Mapping[str, float]],
    places: tuple[float, float],
    style: dict[str, Any],
) -> None:
    """Draw the runs of each group and their mean with its interval, at two places in the group."""
    for group, values in enumerate(runs):
        dots = style | {"linestyle": "none", "label": None}
        axes.plot([group + places[0]] * len(values), values, markersize=3, alpha=0.6, **dots)
    mean, low, high = (np.array([each[name] for each in means]) for name in ("mean", *ENDS))
    columns = np.arange(len(means)) + places[1]
    axes.errorbar(columns, mean, yerr=(mean - low, high - mean), capsize=3, ls="none", **style)
