"""The figures of the report."""

from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from birnn.evaluation.calibration import RAW
from birnn.evaluation.model_names import TITLES, titles
from birnn.evaluation.plot_data import TRAINING, watched_split
from birnn.style.colors import GRID, INK, MODEL_COLORS
from birnn.style.formatting import listed
from birnn.style.plotting import HEIGHT, STYLE, draw_lines, legible, new_figure

BEST = {"accuracy": ("max", "highest", "{:.1%}"), "loss": ("min", "lowest", "{:.2f}")}
TOO_CERTAIN = 0.1  # range of probabilities minus range of observed shares


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
        if curves.empty:
            drawn = {measure: new_figure("Only the baseline was trained") for measure in BEST}
        else:
            drawn = {measure: learning_curves(curves, measure, name, watched) for measure in BEST}
        return drawn | {
            "reliability": reliability(tables["reliability"], name, positive),
            "influence": influence(tables["influence"], name),
            "lengths": lengths(tables["lengths"], maxlen, name),
        }


def learning_curves(curves: pd.DataFrame, measure: str, corpus: str, watched: str) -> Figure:
    """Draw the curves of all networks: training as dots and validation as a line.

    `curves` are from `plot_data.learning_curves`, `measure` is accuracy or loss, and `watched` is
    the split after each epoch.
    """
    lines, dots = (curves[curves["split"] == split] for split in (watched, TRAINING))
    best, extreme, form = BEST[measure]
    best_values = lines.groupby("model")[measure].agg(best)
    is_best = lines[measure] == lines["model"].map(best_values)
    epochs = sorted({*lines["epoch"][is_best]})
    name = watched.removesuffix(" split").capitalize()
    figure = new_figure(
        f"{name} {measure} is {extreme} after epoch {listed(map(str, epochs), 'or')}"
    )
    axes = figure.add_subplot(xlabel="epoch", ylabel=f"{measure} on {corpus}")
    for network, rows in dots.groupby("model"):
        axes.plot(rows["epoch"], rows[measure], "o", color=MODEL_COLORS[network], label=TRAINING)
    draw_lines(axes, lines, "epoch", measure, form)
    return figure


def reliability(table: pd.DataFrame, corpus: str, positive: str) -> Figure:
    """Draw the reliability curves, with 95% intervals and the diagonal of a calibrated model.

    If the table has curves after temperature scaling, they are drawn below.
    """
    parts = dict([*table.groupby("calibration")])
    certain = _find_models(
        parts[RAW],
        lambda first, last: last.high - first.low < last.predicted - first.predicted - TOO_CERTAIN,
    )
    title = f"Too certain: {certain}" if certain else "Reliability of the probabilities"
    figure = new_figure(title, HEIGHT * len(parts))
    panels = figure.subplots(len(parts), squeeze=False).flat
    for axes, (calibration, rows) in zip(panels, parts.items(), strict=True):
        scaled = "" if calibration == RAW else ",\nafter temperature scaling"
        axes.set_xlabel(f"predicted probability of {positive}{scaled}")
        axes.set_ylabel(f"share that is {positive}, test split of {corpus}")
        axes.plot([0, 1], [0, 1], color=GRID)
        draw_lines(axes, rows, "predicted", "observed")
    return figure


def lengths(table: pd.DataFrame, maxlen: int, corpus: str) -> Figure:
    """Draw the accuracy by length of the review, with 95% intervals."""
    worse = _find_models(table, lambda first, last: last.high < first.low)
    figure = new_figure(
        f"Less accurate on long reviews: {worse}" if worse else "Accuracy by length"
    )
    axes = figure.add_subplot(xlabel="words in the review", ylabel=f"test accuracy on {corpus}")
    draw_lines(axes, table, "words", "accuracy", "{:.0%}")
    # The first id marks the start of the review.
    if table["words"].min() < maxlen - 1 < table["words"].max():
        axes.axvline(maxlen - 1, color=INK, linewidth=1, linestyle=(0, (1, 2)))
        text = " networks truncate\n longer reviews"
        axes.text(maxlen - 1, 0.02, text, transform=axes.get_xaxis_transform())
    return figure


def influence(table: pd.DataFrame, corpus: str) -> Figure:
    """Draw the influence of a word on each model by its place."""
    figure = new_figure(f"Influence of a word by its place on {corpus}")
    axes = figure.add_subplot(
        xlabel="twentieth of the words that the networks read, from the first",
        ylabel="mean absolute change of the log-odds,\nin standard deviations over reviews",
    )
    highest = table["influence"].max()
    axes.set_ylim(0, 1.05 * highest if highest > 0 else 1)
    draw_lines(axes, table, "part", "influence", "{:.3f}")
    return figure


def _find_models(table: pd.DataFrame, holds: Callable[[pd.Series, pd.Series], bool]) -> str:
    """List the models whose first and last rows meet a condition."""
    ends = {model: rows.iloc[[0, -1]].iterrows() for model, rows in table.groupby("model")}
    held = [TITLES[model] for model in titles(ends) if holds(*(row for _, row in ends[model]))]
    return listed(held) if held else ""
