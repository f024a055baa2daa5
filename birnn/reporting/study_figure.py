"""The figure of a study: every run, and the means."""

import math
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from birnn.evaluation.model_names import TITLES
from birnn.reporting.colors import GRID, MODELS
from birnn.reporting.figures import STYLE, draw_legend, single_axes
from birnn.reporting.study import Study

WIDTH = 0.6  # of the networks of a group, in groups
MEAN_OFFSET = 0.06  # of the means from the dots, in groups


def draw(study: Study) -> Figure:
    """Draw the accuracy of every run, and the means with their 95% intervals over seeds.

    If only the seed varies, lines join the networks of each seed.
    """
    groups = study.groups("accuracy")
    with mpl.rc_context(STYLE):
        figure, axes = single_axes(
            f"Accuracy over seeds on {study.corpus['name']}",
            ", ".join(study.varied),
            "accuracy (%)",
        )
        for network in study.networks:
            _draw_network(axes, study, network)
        if study.varied:
            names = [", ".join(map(str, group.combination.values())) for group in groups]
        else:
            names = [f"{groups[0].seeds} seeds"]
            _join_seeds(axes, study)
        axes.set_xticks(range(len(groups)), names)
        axes.set_xlim(-0.5, len(groups) - 0.5)
        axes.grid(visible=False, axis="x")
        draw_legend(figure)
    return figure


def shifts(study: Study) -> dict[str, float]:
    """Return the horizontal position of each network in its group, around 0."""
    step = WIDTH / len(study.networks)
    middle = (len(study.networks) - 1) / 2
    return {network: (place - middle) * step for place, network in enumerate(study.networks)}


def _draw_network(axes: Axes, study: Study, network: str) -> None:
    style: dict[str, Any] = {"color": MODELS[network], "marker": "o", "linestyle": "none"}
    groups, shift = study.groups("accuracy"), shifts(study)[network]
    for place, group in enumerate(groups):
        accuracies = 100 * study.group_runs(group)[f"{network}.accuracy"]
        axes.plot([place + shift] * len(accuracies), accuracies, markersize=3, alpha=0.6, **style)
    mean, low, high = (
        100 * np.array([group.networks[network][name] for group in groups])
        for name in ("mean", "low", "high")
    )
    places = np.arange(len(groups)) + shift + math.copysign(MEAN_OFFSET, shift)
    ends = (mean - low, high - mean)
    axes.errorbar(places, mean, yerr=ends, label=TITLES[network], capsize=3, **style)


def _join_seeds(axes: Axes, study: Study) -> None:
    accuracies = 100 * study.runs[[f"{network}.accuracy" for network in study.networks]]
    for seed in accuracies.to_numpy():
        axes.plot(list(shifts(study).values()), seed, color=GRID, linewidth=1, zorder=0)
