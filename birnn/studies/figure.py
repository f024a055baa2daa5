"""The figure of a study: accuracies of every run and their means, and differences."""

from collections.abc import Sequence
from itertools import cycle
from textwrap import fill
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from birnn.evaluation.model_names import ALL_MODELS, ALL_TITLES, BASELINE, NETWORKS, pair_title
from birnn.studies.differences import Mean
from birnn.studies.store import RECIPE, Study
from birnn.studies.table import LONGEST_LABEL, Row, label_rows, rows
from birnn.style.colors import GRID, INK, MODEL_COLORS
from birnn.style.plotting import PAIR_MARKERS, STYLE, draw_legend, legible

WIDTH, ROW, MARGIN = 4.6, 0.38, 1.6  # inches: small, so that letters are large enough on a phone
LABEL_WIDTH = 21  # letters of a line
SPLITS = {"accuracy": "test", "holdout_accuracy": "held-out"}
BAND = 0.8  # height of the models of a row, in rows
MARKERS = dict(zip(NETWORKS, cycle("osvPX"), strict=False)) | {BASELINE: "^", ALL_MODELS: "D"}
FONT_SIZE = 8  # points, of axes


def draw(study: Study) -> Figure:
    """Draw one row per combination of values: accuracies on the left, differences on the right.

    Small marks are runs, and large ones are means with their 95% intervals. Lines join the networks
    of a seed if there is a single row, and each recipe with the one that it adds to. The baseline
    is left out if it is the same in all rows.
    """
    table = rows(study)
    pairs = list(table[0].differences)
    with mpl.rc_context(STYLE):
        height = MARGIN + ROW * max(len(table), 3)
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        widths = (3, 2) if pairs else (3,)
        (panels,) = figure.subplots(1, len(widths), sharey=True, squeeze=False, width_ratios=widths)
        baselines = {row.means[BASELINE].mean for row in table if BASELINE in row.means}
        left_out = {BASELINE} if len(baselines) == 1 else set()
        models = [model for model in study.models if model in MODEL_COLORS.keys() - left_out]
        _draw_accuracies(panels[0], study, table, models)
        _draw_lines(panels[0], study, table, models)
        if pairs:
            _draw_differences(panels[1], table, pairs)
        heading, labels = label_rows(table)
        labels = [legible(label, f"row {place}") for place, label in enumerate(labels, 1)]
        labels = [label[:LONGEST_LABEL] + "…" * (len(label) > LONGEST_LABEL) for label in labels]
        names = [fill(label, LABEL_WIDTH, break_on_hyphens=False) for label in labels]
        panels[0].set_yticks(range(len(table)), names)
        panels[0].set_ylim(len(table) - 0.5, -0.5)
        seeds = {len(row.combination.runs) for row in table}
        counted = f", {min(seeds)} seeds" if len(seeds) == 1 and max(seeds) > 1 else ""
        corpus = legible(study.about.corpus["name"])
        title = f"Study {study.name} on {corpus}{counted}" + f"\nby {heading}" * bool(heading)
        figure.suptitle(title, fontsize=10)
        for axes in panels:
            axes.tick_params(labelsize=FONT_SIZE)
            axes.tick_params(axis="y", length=0)
            axes.xaxis.set_major_locator(MaxNLocator(4))
            axes.grid(visible=False, axis="y")
        draw_legend(figure)
    return figure


def _draw_accuracies(axes: Axes, study: Study, table: Sequence[Row], models: Sequence[str]) -> None:
    for model, shift in zip(models, _shifts(len(models)), strict=True):
        style = {"color": MODEL_COLORS[model], "marker": MARKERS[model], "label": ALL_TITLES[model]}
        small = style | {"markersize": 2.5, "alpha": 0.5, "label": None, "linestyle": "none"}
        for place, row in enumerate(table):
            values = 100 * row.combination.runs[f"{model}.{study.measure}"].to_numpy()
            axes.plot(values, [place + shift] * len(values), **small)
        _draw_means(axes, [row.means[model] for row in table], shift, style)
    _label_values(axes, f"{SPLITS[study.measure]} accuracy (%)", table, "seeds")


def _draw_lines(axes: Axes, study: Study, table: Sequence[Row], models: Sequence[str]) -> None:
    """Join the networks of a seed in a single row, or each recipe with the one that it adds to."""
    shifts = _shifts(len(models))
    if len(table) == 1:
        columns = [f"{model}.{study.measure}" for model in models]
        values = 100 * table[0].combination.runs[columns].to_numpy().T
        axes.plot(values, shifts, color=GRID, linewidth=0.8, zorder=0)
    places = {row.combination.chosen.get(RECIPE): place for place, row in enumerate(table)}
    for recipe in study.about.recipes if study.about.varied == [RECIPE] else ():
        found = [places[recipe[name]] for name in ("base", "name") if recipe[name] in places]
        for model, shift in zip(models, shifts, strict=True):
            means = [100 * table[at].means[model].mean for at in found]
            heights = [at + shift for at in found]
            axes.plot(means, heights, color=MODEL_COLORS[model], linewidth=0.8, zorder=0)


def _draw_differences(axes: Axes, table: Sequence[Row], pairs: Sequence[tuple[str, str]]) -> None:
    for marker, pair, shift in zip(cycle(PAIR_MARKERS), pairs, _shifts(len(pairs)), strict=False):
        found = [next(iter(row.differences[pair].values())) for row in table]
        style = {"color": INK, "marker": marker, "label": pair_title(*pair)}
        _draw_means(axes, found, shift, style)
    axes.axvline(0, color=GRID, linewidth=1.5, zorder=0)
    covered = " or ".join(sorted({row.covered for row in table}))
    _label_values(axes, "difference (points)", table, covered)


def _label_values(axes: Axes, label: str, table: Sequence[Row], covered: str) -> None:
    """Label the x axis; mention intervals unless every row has a single run."""
    if any(len(row.combination.runs) > 1 for row in table):
        label += f", intervals over {covered}"
    axes.set_xlabel(fill(label, LABEL_WIDTH), fontsize=FONT_SIZE)


def _draw_means(axes: Axes, means: Sequence[Mean], shift: float, style: dict[str, Any]) -> None:
    """Draw the mean of each row with its interval, `shift` rows below the middle of the row."""
    mean, low, high = 100 * np.array([(each.mean, each.low, each.high) for each in means]).T
    errors = np.array([mean - low, high - mean])
    places = np.arange(len(mean)) + shift
    axes.errorbar(mean, places, xerr=errors, capsize=2, linestyle="none", markersize=4.5, **style)


def _shifts(count: int) -> list[float]:
    """Return the vertical positions of `count` models in their row, around 0."""
    return [(place - (count - 1) / 2) * BAND / count for place in range(count)]
