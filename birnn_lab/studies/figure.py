"""Figures of means and differences: one row each, with their intervals."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from textwrap import fill, shorten

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from birnn.evaluation.model_names import BASELINE, TITLES
from birnn.style.colors import GRID, INK, MODEL_COLORS, NETWORK_COLORS
from birnn.style.formatting import listed, points
from birnn.style.plotting import STYLE, legible, new_figure
from birnn_lab.studies.differences import Mean
from birnn_lab.studies.store import Study
from birnn_lab.studies.table import Row, gains, rows

TEXT, LANE, MARGIN = 0.16, 0.05, 1.0  # inches: a line of text, a series of a row, around all rows
NARROW, BOTH = (
    22,
    42,
)  # letters of a narrow line, and of the lines to the left and right of the axes
LONGEST_PHRASE = 38  # letters of the phrase that names a recipe
COLORS = [INK, NETWORK_COLORS["blue"][0], NETWORK_COLORS["vermilion"][0]]
MARKERS = "osDv^<>"


def draw_rows(
    message: str,
    label: str,
    values: Mapping[str, Mapping[str, Mean]],
    notes: Mapping[str, str] = {},
    margin: float = 0,
) -> Figure:
    """Draw shares with their intervals, in percent.

    Args:
        message: the title.
        label: of the axis.
        values: shares by the name of their row and series; a row without any is a heading.
        notes: text next to rows.
        margin: values within this many points of 0 have a gray background.
    """
    series = [*dict.fromkeys(name for row in values.values() for name in row)]
    colors = dict(zip(series, COLORS, strict=False))
    colors |= {title: MODEL_COLORS[model] for model, title in TITLES.items()}
    width = max(NARROW, BOTH - max(map(len, ["", *notes.values()])))
    names = [fill(name, width, break_on_hyphens=False) for name in values]
    texts = [fill(notes.get(name, ""), NARROW) for name in values]
    heights = [
        max(LANE * len(row), TEXT * (1 + max(name.count("\n"), text.count("\n"))))
        for row, name, text in zip(values.values(), names, texts, strict=True)
    ]
    ends = np.cumsum(heights)
    places = ends - np.divide(heights, 2)
    with mpl.rc_context(STYLE):
        figure = new_figure(message, MARGIN + ends[-1])
        axes = figure.subplots()
        if margin:
            axes.axvspan(-margin, margin, color=GRID, alpha=0.5, linewidth=0, zorder=0)
            axes.axvline(0, color=INK, linewidth=0.8, zorder=0)
        for row, text, place in zip(values.values(), texts, places, strict=True):
            for offset, (each, mean) in enumerate(row.items()):
                height = place + LANE * (offset - (len(row) - 1) / 2)
                color, marker = colors[each], MARKERS[series.index(each)]
                axes.plot([100 * mean.low, 100 * mean.high], [height, height], color=color, lw=1.2)
                axes.plot(100 * mean.mean, height, marker, color=color, ms=3.5, label=each)
            right = axes.get_yaxis_transform()
            axes.text(1.02, place, text, va="center_baseline", transform=right)
        axes.set_xlim(*_find_limits([mean for row in values.values() for mean in row.values()]))
        axes.set_xlabel(label, x=1, ha="right")
        axes.locator_params(axis="x", nbins=8, steps=[1, 2, 5, 10])
        axes.set_ylim(ends[-1], 0)
        axes.set_yticks(places, names)
        for tick, row in zip(axes.get_yticklabels(), values.values(), strict=True):
            tick.set_fontweight("normal" if row else "bold")
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        if len(series) > 1:
            lines, titles = axes.get_legend_handles_labels()
            shown = dict(zip(titles, lines, strict=True))
            figure.legend(
                shown.values(), shown, loc="outside lower left", ncols=len(series), frameon=False
            )
    return figure


def _find_limits(means: Sequence[Mean]) -> tuple[float, float]:
    """Return the ends of the axis, in percent.

    Few seeds have intervals that would make all means look equal, so longer ones are cut off.
    """
    first, last = (100 * end([mean.mean for mean in means]) for end in (np.nanmin, np.nanmax))
    low = 100 * np.nanmin([[mean.low, mean.mean] for mean in means])
    high = 100 * np.nanmax([[mean.high, mean.mean] for mean in means])
    reach = 2 * (last - first) or np.inf
    low, high = max(low, first - reach), min(high, last + reach)
    space = 0.05 * (high - low) or 1
    return low - space, high + space


def draw(study: Study) -> Figure:
    """Draw the accuracies in each row, and print the gains that are shown.

    The baseline is left out if it is the same in all rows.
    """
    table = rows(study)
    models = [name for name in study.models if name in TITLES]
    if len({row.means[BASELINE].mean for row in table if BASELINE in models}) == 1:
        models.remove(BASELINE)
    names = _name_rows(study, table)
    values = {
        name: {TITLES[model]: row.means[model] for model in models}
        for name, row in zip(names, table, strict=True)
    }
    gained = {
        label: points(gain.difference.mean)
        for label, gain in gains(study).items()
        if gain.difference.higher is not None
    }
    notes = {
        name: gained.get(row.combination.label, "") for name, row in zip(names, table, strict=True)
    }
    numbers = listed(map(str, sorted({len(row.combination.runs) for row in table})), "or")
    label = f"{name_measure(study)} (%)"
    if numbers != "1":
        label += f", 95% intervals over {numbers} {study.repeats}"
    if gained:
        label += "\nat the right: gains that are shown (points)"
    return draw_rows(_find_message(study, table), label, values, notes)


def _find_message(study: Study, table: Sequence[Row]) -> str:
    """Return what the intervals of several rows show, or what the figure contains."""
    compared = [difference for row in table for difference in row.differences.values()]
    means = [[row.means[name] for row in table] for name in study.networks]
    # An unknown end is NaN, which is not larger.
    gained = [
        np.max([m.low for m in network_means]) - np.min([m.high for m in network_means])
        for network_means in means
    ]
    if compared and np.min(gained) > np.max(
        np.abs([(difference.low, difference.high) for difference in compared])
    ):
        return f"The choice of {listed(study.about.varied)} matters more than the network"
    return f"Accuracy by {listed(study.about.varied)}"


def _name_rows(study: Study, table: Sequence[Row]) -> list[str]:
    """Return the names of rows.

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
        names.append(legible(phrase if counts[phrase] == 1 else label, f"row {place}"))
    return names


def name_measure(study: Study) -> str:
    """Return the name of the accuracy that a study compares."""
    split = "test" if study.measure == "accuracy" else "held-out"
    return f"{split} accuracy on {legible(study.about.corpus['name'])}"
