"""The figure of a study: accuracies of all runs and their means."""

import re
from collections import Counter
from collections.abc import Sequence
from textwrap import fill, shorten
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from birnn.evaluation.model_names import ALL_MODELS, BASELINE, TITLES
from birnn.style.colors import MODEL_COLORS
from birnn.style.formatting import listed
from birnn.style.plotting import DASHES, STYLE, legible, new_figure
from birnn_lab.studies.differences import Mean
from birnn_lab.studies.store import Study
from birnn_lab.studies.table import Row, rows

LANE, MARGIN = 0.16, 0.9  # inches: of a model in a row, of the axes
STACKS, STACKED = 60, 0.05  # stacks of runs, and inches between stacked runs
LABEL_WIDTH, LONGEST_PHRASE = 18, 38  # letters of a line of the name of a row, and of a recipe's


class Lane(NamedTuple):
    """The runs of a model in one row, which are drawn at one height."""

    runs: pd.Series  # in percent
    mean: Mean
    color: str
    left: str  # labels
    right: str


def draw(study: Study) -> Figure:
    """Draw the accuracies in each row.

    Lines join the means of a model, from a recipe to those that add to it. The baseline is left out
    if it is the same in all rows.
    """
    table = rows(study)
    models = [name for name in study.models if name in TITLES]
    if len({row.means[BASELINE].mean for row in table if BASELINE in models}) == 1:
        models.remove(BASELINE)
    distance = len(models) + 0.5
    places, lanes = distance * np.arange(len(table)), dict[float, Lane]()
    with mpl.rc_context(STYLE):
        figure = new_figure(_find_message(study, table), MARGIN + LANE * distance * len(table))
        axes = figure.subplots()
        axes.set(xlabel=_label_accuracy(study, table), xmargin=0.25)
        axes.set_yticks(places + (len(models) - 1) / 2, _name_rows(study, table))
        joined = _find_joined(study, table)
        for heights, name in zip(np.add.outer(range(len(models)), places), models, strict=True):
            centers, color = [100 * row.means[name].mean for row in table], MODEL_COLORS[name]
            for pair in joined:
                line = np.take(centers, pair), np.take(heights, pair)
                axes.plot(*line, color=color, linestyle=DASHES[name], linewidth=1)
            ends = np.flatnonzero(np.isfinite(centers))[[0, -1]]
            lower, higher = sorted(ends, key=centers.__getitem__)
            for place, row in enumerate(table):
                runs = 100 * row.combination.runs[f"{name}.{study.measure}"]
                value = f"{centers[place]:.2f}"
                left = f"{value}  " if place == lower != higher else ""
                right = f"  {TITLES[name]} {value}" if place == higher else ""
                lanes[heights[place]] = Lane(runs, row.means[name], color, left, right)
        _draw_lanes(axes, lanes, STACKED / LANE)
    return figure


def _find_joined(study: Study, table: Sequence[Row]) -> list[tuple[int, int]]:
    """Return pairs of rows to join: a recipe and the one that it adds to, or else neighbors."""
    labels = [row.combination.label for row in table]
    bases = {recipe["name"]: recipe["base"] for recipe in study.about.recipes}
    return [
        (labels.index(bases[label]) if bases.get(label) in labels else place - 1, place)
        for place, label in enumerate(labels[1:], 1)
    ]


def _draw_lanes(axes: Axes, lanes: dict[float, Lane], step: float) -> None:
    """Draw runs, stacked if they are about equal, and their mean with its interval.

    `lanes` are by height. Intervals extend the axis by what all runs span, at most; longer ones
    have an arrow.
    """
    width = np.ptp(pd.concat([lane.runs for lane in lanes.values()]).dropna()) / STACKS or 1
    for height, (runs, mean, color, *_) in lanes.items():
        stacked = runs.groupby((runs / width).round()).cumcount()
        apart = min(step, 0.9 / (2 + stacked.max()))  # not into the next lane
        axes.plot(runs, height - apart * (2 + stacked), "o", color=color, ms=2.5, alpha=0.6)
        axes.plot(100 * mean.mean, height, "o", color=color, ms=4.5, zorder=3)
    first, last = axes.dataLim.intervalx
    for height, (runs, mean, color, left, right) in lanes.items():
        center, *ends = 100 * np.array([mean.mean, mean.low, mean.high])
        low, high = np.clip(ends, 2 * first - last, 2 * last - first)
        axes.plot([low, high], [height, height], color=color)
        axes.plot(low if low > ends[0] else np.nan, height, "<", color=color)
        axes.plot(high if high < ends[1] else np.nan, height, ">", color=color)
        axes.text(np.fmin(runs.min(), low), height, left, color=color, va="center", ha="right")
        axes.text(np.fmax(center, high), height, right, color=color, va="center")
    axes.set_ylim(max(lanes) + 0.6, -1)
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=6)
    axes.grid(visible=False, axis="y")


def _find_message(study: Study, table: Sequence[Row]) -> str:
    """Return what the intervals of several rows show, or what the figure contains."""
    compared = [difference for row in table for difference in row.differences.values()]
    means = [[row.means[name] for row in table] for name in study.networks]
    # An unknown end is NaN, which is not larger.
    gains = [
        np.max([m.low for m in network_means]) - np.min([m.high for m in network_means])
        for network_means in means
    ]
    if compared and np.min(gains) > np.max(
        np.abs([(difference.low, difference.high) for difference in compared])
    ):
        return f"The choice of {listed(study.about.varied)} matters more than the network"
    return f"Accuracy by {listed(study.about.varied)}"


def _name_rows(study: Study, table: Sequence[Row]) -> list[str]:
    """Return the names of rows, with the shortest training time if it is known.

    A recipe is named by the first phrase of its title, if no other recipe has the same.
    """
    phrases = {
        recipe["name"]: shorten(
            re.split("[,;:] | instead of ", recipe["title"])[0], LONGEST_PHRASE, placeholder="…"
        )
        for recipe in study.about.recipes
    }
    counts, names = Counter(phrases.values()), []
    for place, row in enumerate(table, 1):
        label = row.combination.label
        phrase = phrases.get(label, "")
        name = legible(phrase if counts[phrase] == 1 else label, f"row {place}")
        minutes = np.min(row.combination.runs.get(f"{ALL_MODELS}.seconds", np.nan)) / 60
        time = "" if np.isnan(minutes) else f"\n{minutes:.1f} min"
        names.append(fill(name, LABEL_WIDTH, break_on_hyphens=False) + time)
    return names


def _label_accuracy(study: Study, table: Sequence[Row]) -> str:
    """Return the label of an axis of accuracies, with intervals if there are several runs."""
    numbers = listed(map(str, sorted({len(row.combination.runs) for row in table})), "or")
    interval = f", 95% intervals over {numbers} {study.repeats}" * (numbers != "1")
    return f"{name_measure(study)} (%){interval}"


def name_measure(study: Study) -> str:
    """Return the name of the accuracy that a study compares."""
    split = "test" if study.measure == "accuracy" else "held-out"
    return f"{split} accuracy on {legible(study.about.corpus['name'])}"
