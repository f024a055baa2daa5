"""The figure of a study: accuracies of every run and their means, and differences."""

from collections.abc import Sequence
from itertools import cycle
from textwrap import fill, shorten
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from birnn.evaluation.model_names import ALL, BASELINE, BLEND_TITLES, NETWORKS, pair_title
from birnn.reporting import figures
from birnn.reporting.colors import GRID, INK, MODELS
from birnn.reporting.figures import PAIR_MARKERS, STYLE, draw_legend
from birnn.studies.store import Study
from birnn.studies.table import Row, rows

WIDTH, ROW, MARGIN = 4.6, 0.55, 1.9  # inches: small, so that letters are large enough on a phone
MOST_ROWS = 20
LABEL_WIDTH = 19  # letters
BAND = 0.8  # height of the models of a row, in rows
NETWORK_MARKERS = ("o", "s", "v", "P", "X")
MARKERS = dict(zip(NETWORKS, cycle(NETWORK_MARKERS), strict=False)) | {BASELINE: "^", ALL: "D"}
NUMBER = 8  # points, letters of axes


def draw(study: Study, published: Sequence[tuple[str, float]] = ()) -> Figure:
    """Draw one row per combination of values: accuracies on the left, differences on the right.

    Small marks are runs, and large ones are means with their 95% intervals over seeds. Lines join
    the networks of a seed if there is a single row.

    Args:
        study: the study.
        published: names and accuracies of other systems, which follow below.
    """
    table = rows(study)[:MOST_ROWS]
    labels = [row.combination.label for row in table] + [name for name, _ in published]
    pairs = [] if published else list(table[0].differences)
    split = "held-out" if study.about.chooses else "test"
    with mpl.rc_context(STYLE):
        height = MARGIN + ROW * max(len(labels), 3)
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        columns = 2 if pairs else 1
        panels = figure.subplots(
            1, columns, sharey=True, squeeze=False, width_ratios=(3, 2)[:columns]
        )[0]
        models = [model for model in study.models if model in MODELS]
        if len(table) == 1:
            models = study.networks  # the baseline is far away, and often the same in all runs
        _draw_accuracies(panels[0], table, models, split)
        for row, (_, accuracy) in enumerate(published, start=len(table)):
            panels[0].plot(100 * accuracy, row, color=INK, marker="x", linestyle="none")
        if pairs:
            _draw_differences(panels[1], table, pairs)
        names = [
            fill(shorten(label, 2 * LABEL_WIDTH, placeholder="…"), LABEL_WIDTH) for label in labels
        ]
        panels[0].set_yticks(range(len(labels)), names, fontsize=NUMBER)
        panels[0].tick_params(axis="y", length=0)
        panels[0].set_ylim(len(labels) - 0.5, -0.5)
        seeds = {len(row.combination.runs) for row in table}
        counted = f", {min(seeds)} seeds" if len(seeds) == 1 and max(seeds) > 1 else ""
        corpus = study.about.corpus["name"]
        figure.suptitle(f"Study {study.name} on {corpus}{counted}", fontsize=10)
        for axes in panels:
            axes.tick_params(labelsize=NUMBER)
            axes.xaxis.set_major_locator(MaxNLocator(4))
            axes.grid(visible=False, axis="y")
        draw_legend(figure)
    return figure


def save(study: Study) -> None:
    """Save the figure of a study in its folder."""
    figures.save(draw(study), study.folder / f"{study.name}.png")


def _draw_accuracies(axes: Axes, table: Sequence[Row], models: Sequence[str], split: str) -> None:
    measure = "holdout_accuracy" if split == "held-out" else "accuracy"
    columns = [f"{model}.{measure}" for model in models]
    for model, column, shift in zip(models, columns, _shifts(len(models)), strict=True):
        style = {"color": MODELS[model], "marker": MARKERS[model], "label": BLEND_TITLES[model]}
        runs = [100 * row.combination.runs[column].to_numpy() for row in table]
        means = [row.means[model] for row in table]
        ends = [(100 * mean.mean, 100 * mean.low, 100 * mean.high) for mean in means]
        _draw_marks(axes, runs, ends, shift, style)
        if len(table) > 1:
            places = np.arange(len(table)) + shift
            axes.plot(
                [end[0] for end in ends], places, color=MODELS[model], linewidth=0.8, zorder=0
            )
    if len(table) == 1:
        values = 100 * table[0].combination.runs[columns].to_numpy().T
        axes.plot(values, _shifts(len(models)), color=GRID, linewidth=0.8, zorder=0)
    axes.set_xlabel(f"{split} accuracy (%)")


def _draw_differences(axes: Axes, table: Sequence[Row], pairs: Sequence[tuple[str, str]]) -> None:
    for marker, pair, shift in zip(cycle(PAIR_MARKERS), pairs, _shifts(len(pairs)), strict=False):
        found = [next(iter(row.differences[pair].values())) for row in table]
        ends = [(100 * each.mean, 100 * each.low, 100 * each.high) for each in found]
        style = {"color": INK, "marker": marker, "label": pair_title(*pair)}
        _draw_marks(axes, [np.empty(0)] * len(table), ends, shift, style)
    axes.axvline(0, color=GRID, linewidth=1.5, zorder=0)
    axes.set_xlabel("difference (points)")
    axes.tick_params(axis="y", length=0)


def _draw_marks(
    axes: Axes,
    runs: Sequence[Any],
    ends: Sequence[tuple[float, float, float]],
    shift: float,
    style: dict[str, Any],
) -> None:
    """Draw the runs of each row, and their mean, `shift` rows below its middle."""
    for row, values in enumerate(runs):
        small = style | {"markersize": 2.5, "alpha": 0.5, "label": None, "linestyle": "none"}
        axes.plot(values, [row + shift] * len(values), **small)
    mean, low, high = np.array(ends).T
    errors = np.nan_to_num([mean - low, high - mean])
    places = np.arange(len(mean)) + shift
    axes.errorbar(mean, places, xerr=errors, capsize=2, linestyle="none", markersize=4.5, **style)


def _shifts(count: int) -> list[float]:
    """Return the vertical positions of `count` models in their row, around 0."""
    return [(place - (count - 1) / 2) * BAND / count for place in range(count)]
