"""The figures of the report, and the templates of `dvc plots`."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, MultipleLocator, PercentFormatter, SymmetricalLogLocator

from birnn.core.outputs import atomic_folder
from birnn.evaluation.calibration import RAW
from birnn.evaluation.model_names import NETWORKS, TITLES
from birnn.evaluation.plot_data import TEST, TRAINING, VALIDATION, watched_split
from birnn.report import templating
from birnn.style.colors import GRID, INK, MODEL_COLORS
from birnn.style.plotting import (
    LINES,
    SIZE,
    STYLE,
    draw_legend,
    legible,
    single_axes,
)

TEMPLATES = Path(__file__).parent / "templates" / "plots"


def draw(
    metrics: dict[str, Any], tables: dict[str, pd.DataFrame], maxlen: int
) -> dict[str, Figure]:
    """Draw all figures and return them by name.

    `tables` are the data of the plots, by name (see `plot_data`).
    """
    curves, corpus = tables["curves"], metrics["corpus"]
    name, positive = legible(corpus["name"]), legible(corpus["classes"][1], "positive")
    watched = watched_split(corpus["validation"])
    with mpl.rc_context(STYLE):
        return {
            "accuracy": learning_curves(curves, "accuracy", name, watched),
            "loss": learning_curves(curves, "loss", name, watched),
            "reliability": reliability(tables["reliability"], name, positive),
            "influence": influence(tables["influence"], name),
            "lengths": lengths(tables["lengths"], maxlen, name),
        }


def learning_curves(curves: pd.DataFrame, measure: str, corpus: str, watched: str) -> Figure:
    """Draw the curves of all networks: training as dots and validation as a line.

    `curves` are from `plot_data.learning_curves`, `measure` is accuracy or loss, and `watched` is
    the split after each epoch.
    """
    title = f"{measure.capitalize()} per epoch on {corpus}"
    figure, axes = single_axes(title, "epoch", measure)
    for network in NETWORKS:
        color = MODEL_COLORS[network]
        dots, line = (
            curves[(curves["model"] == network) & (curves["split"] == split)]
            for split in (TRAINING, watched)
        )
        axes.plot(dots["epoch"], dots[measure], "o", color=color)
        label, style = TITLES[network], LINES[network]
        axes.plot(line["epoch"], line[measure], color=color, linestyle=style, label=label)
    # Explain dots and lines once, in the color of the text.
    axes.plot([], [], "o", color=INK, label=TRAINING)
    axes.plot([], [], color=INK, label=watched)
    draw_legend(figure)
    return figure


def reliability(table: pd.DataFrame, corpus: str, positive: str) -> Figure:
    """Draw the reliability curves, with 95% intervals and the diagonal of a calibrated model.

    If the table has curves after temperature scaling, they are drawn below.
    """
    calibrations = list(table["calibration"].unique())
    width, height = SIZE
    figure = Figure(figsize=(width, height * len(calibrations)), layout="constrained")
    panels = np.ravel(figure.subplots(len(calibrations), 1))
    for axes, calibration in zip(panels, calibrations, strict=True):
        scaled = "" if calibration == RAW else " after\ntemperature scaling"
        axes.set(
            title=f"Reliability{scaled} on the test split of {corpus}",
            xlabel=f"predicted probability of {positive}",
            ylabel=f"share that is {positive}",
        )
        axes.plot([0, 1], [0, 1], color=GRID)
        rows = table[table["calibration"] == calibration]
        _draw_lines(axes, rows, "predicted", "observed")
        axes.legend(loc="upper left")
    return figure


def lengths(table: pd.DataFrame, maxlen: int, corpus: str) -> Figure:
    """Draw the accuracy by length of the review, with 95% intervals."""
    figure, axes = single_axes(
        f"Accuracy by length on the test split of {corpus}", "words in the review", "accuracy"
    )
    _draw_lines(axes, table, "words", "accuracy")
    shortest, longest = table["words"].min(), table["words"].max()
    # The first id marks the start of the review.
    if shortest < maxlen - 1 < longest:
        axes.axvline(maxlen - 1, color=INK, linewidth=1, linestyle=(0, (1, 2)))
        position: Any = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
        text = "networks truncate\nlonger reviews"
        axes.annotate(text, (maxlen - 1, 0.02), xytext=(4, 0), fontsize=8, **position)
    axes.set_xscale("symlog", linthresh=1)  # a review can have no words
    axes.xaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=1, subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlim(0.9 * shortest, 1.1 * longest + 1)
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.yaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10]))
    draw_legend(figure)
    return figure


def influence(table: pd.DataFrame, corpus: str) -> Figure:
    """Draw the influence of a word on each model by its place."""
    figure, axes = single_axes(
        f"Influence of a word by its place on {corpus}",
        "place of the word, from the first to the last\ntwentieth of those that the networks read",
        "mean absolute change of the log-odds,\nin standard deviations over reviews",
    )
    _draw_lines(axes, table, "part", "influence")
    axes.xaxis.set_major_locator(MultipleLocator(5))
    axes.set_ylim(bottom=0)
    draw_legend(figure)
    return figure


def _draw_lines(axes: Axes, table: pd.DataFrame, x: str, y: str) -> None:
    """Draw two columns as one line per model, with 95% intervals if there are any."""
    for model, label in TITLES.items():
        rows = table[table["model"] == model]
        style: dict[str, Any] = {"color": MODEL_COLORS[model], "linestyle": LINES[model]}
        axes.plot(rows[x], rows[y], label=label, marker="o", markersize=3.5, **style)
        if "low" in rows:
            band: dict[str, Any] = {"color": MODEL_COLORS[model], "alpha": 0.2, "linewidth": 0}
            axes.fill_between(rows[x], rows["low"], rows["high"], **band)


def write_plot_templates(folder: Path) -> None:
    """Write the Vega-Lite templates of `dvc plots`, with the names and colors of the models."""
    names: dict[str, Any] = {
        "splits": [TRAINING, TEST, VALIDATION],
        "networks": {name: MODEL_COLORS[name] for name in NETWORKS},
        "models": {name: MODEL_COLORS[name] for name in TITLES},
    }
    with atomic_folder(folder) as part:
        for template in TEMPLATES.glob("*.j2"):
            text = templating.render(f"plots/{template.name}", **names)
            (part / template.stem).write_text(text, encoding="utf-8", newline="\n")
