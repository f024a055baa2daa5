"""The figure of a study: the accuracies and their paired differences, every run and the means."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from birnn.evaluation.model_names import TITLES, pair_title
from birnn.reporting.colors import GRID, INK, MODELS
from birnn.reporting.figures import SIZE, STYLE, draw_legend
from birnn.reporting.study import Study

WIDTH = 0.6  # of the networks of a group, in groups
MEAN_OFFSET = 0.06  # of the means from the dots, in groups
DIFFERENCES = 1.5  # inches, height of the differences
PAIR_MARKERS = "osD^v<>PX*"


def draw(study: Study) -> Figure:
    """Draw the accuracies of every run and below them the differences of two networks of a seed.

    Next to the runs are the means, with their 95% intervals over seeds. If only the seed varies,
    lines join the networks of each seed.
    """
    groups = study.groups("accuracy")
    pairs = list(groups[0].differences)
    width, height = SIZE
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height + DIFFERENCES * bool(pairs)), layout="constrained")
        ratios = (height, DIFFERENCES)[: 1 + bool(pairs)]
        panels = np.ravel(figure.subplots(len(ratios), 1, sharex=True, height_ratios=ratios))
        panels[0].set(
            title=f"Test accuracy over seeds on {study.corpus['name']}", ylabel="accuracy (%)"
        )
        _draw_accuracies(panels[0], study)
        if pairs:
            _draw_differences(panels[1], study, pairs)
        if study.varied:
            names = [", ".join(map(str, group.combination.values())) for group in groups]
        else:
            names = [f"{groups[0].seeds} seeds"]
        panels[-1].set(xlabel=", ".join(study.varied), xlim=(-0.5, len(groups) - 0.5))
        panels[-1].set_xticks(range(len(groups)), names)
        for axes in panels:
            axes.grid(visible=False, axis="x")
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
        _draw_runs(axes, runs, means, shift, style)
    if not study.varied:
        for seed in (
            100 * study.runs[[f"{network}.accuracy" for network in study.networks]].to_numpy()
        ):
            axes.plot(places, seed, color=GRID, linewidth=1, zorder=0)


def _draw_differences(axes: Axes, study: Study, pairs: Sequence[tuple[str, ...]]) -> None:
    groups = study.groups("accuracy")
    for index, (pair, shift) in enumerate(zip(pairs, shifts(len(pairs)), strict=True)):
        first, second = (f"{network}.accuracy" for network in pair)
        runs = [study.group_runs(group) for group in groups]
        differences = [table[first] - table[second] for table in runs]
        means = [group.differences[pair] for group in groups]
        style = {
            "color": INK,
            "marker": PAIR_MARKERS[index % len(PAIR_MARKERS)],
            "label": pair_title(*pair),
        }
        _draw_runs(axes, differences, means, shift, style)
    axes.axhline(0, color=GRID, linewidth=2, zorder=0)
    axes.set_ylabel("difference\n(points)")


def _draw_runs(
    axes: Axes,
    runs: Sequence[pd.Series],
    means: Sequence[Mapping[str, float]],
    shift: float,
    style: dict[str, Any],
) -> None:
    """Draw the runs of each group, and next to them their mean and its interval, in percent."""
    for place, values in enumerate(runs):
        dots = style | {"linestyle": "none", "label": None}
        axes.plot([place + shift] * len(values), 100 * values, markersize=3, alpha=0.6, **dots)
    mean, low, high = (
        100 * np.array([each[name] for each in means]) for name in ("mean", "low", "high")
    )
    places = np.arange(len(means)) + shift + math.copysign(MEAN_OFFSET, shift)
    ends = (mean - low, high - mean)
    axes.errorbar(places, mean, yerr=ends, capsize=3, linestyle="none", **style)
