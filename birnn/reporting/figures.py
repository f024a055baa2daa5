"""The figures of the report and the figures of the notebook."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from birnn.core.outputs import atomic_file
from birnn.evaluation.model_names import NETWORKS, TITLES
from birnn.reporting.colors import GRID, INK, MODELS, NOTEBOOK

LINES = {"bilstm": "-", "bigru": "--", "baseline": ":"}

SIZE = (4.6, 3.7)  # inches; small, so that letters are large enough on a phone
STYLE: Any = {
    "axes.edgecolor": INK,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "font.size": 9.5,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def draw(
    metrics: dict[str, Any], tables: dict[str, pd.DataFrame], maxlen: int
) -> dict[str, Figure]:
    """Draw all figures and return them by name, the notebook's figures last.

    Args:
        metrics: content of `metrics.json`.
        tables: data of the plots, by name (see `plot_data`).
        maxlen: ids per review.
    """
    corpus = metrics["corpus"]["name"]
    curves = tables["curves"]
    with mpl.rc_context(STYLE):
        figures = {
            "intervals": intervals(metrics),
            "accuracy": both_networks(curves, "accuracy", corpus),
            "loss": both_networks(curves, "loss", corpus),
            "roc": roc(tables["roc"], corpus),
            "precision_recall": precision_recall(tables["precision_recall"], corpus),
            "reliability": reliability(tables["reliability"], corpus),
            "lengths": lengths(tables["lengths"], maxlen, corpus),
        }
    for network in NETWORKS:
        for measure in ("accuracy", "loss"):
            figures[f"{network}_{measure}"] = one_network(curves, network, measure, corpus)
    return figures


def save(figure: Figure, file: Path) -> None:
    """Write a figure as PNG; equal figures give equal bytes."""
    with atomic_file(file) as part:
        figure.savefig(part, dpi=160)


def intervals(metrics: dict[str, Any]) -> Figure:
    """Draw each model's accuracy and the difference of the networks, with 95% intervals."""
    figure = Figure(figsize=SIZE, layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=(3, 1.3))
    upper.set_title(f"Test accuracy on {metrics['corpus']['name']}, with 95% intervals")
    for model, title in TITLES.items():
        low, high = metrics[model]["accuracy_interval"]
        _draw_interval(upper, title, (low, metrics[model]["accuracy"], high), ".2f", MODELS[model])
    upper.set(xlabel="accuracy (%)", ylim=(len(TITLES) - 0.5, -0.5))
    upper.margins(x=0.1)
    pair = metrics["pair"]
    ends = (pair["difference_low"], pair["accuracy_difference"], pair["difference_high"])
    _draw_interval(lower, f"{TITLES['bilstm']}\nminus {TITLES['bigru']}", ends, "+.2f", INK)
    lower.axvline(0, color=GRID, linewidth=2, zorder=0)
    limit = 130 * max(map(abs, ends))
    lower.set(xlabel="difference (points)", xlim=(-limit, limit), ylim=(-0.5, 0.5))
    for axes in (upper, lower):
        axes.grid(visible=False, axis="y")
    return figure


def one_network(curves: pd.DataFrame, network: str, measure: str, corpus: str) -> Figure:
    """Draw the notebook's figure of one network: blue dots and a blue line.

    Args:
        curves: columns model, split (training or validation), epoch, accuracy and loss.
        network: bilstm or bigru.
        measure: accuracy or loss.
        corpus: name of the corpus, for the title.
    """
    title = f"Training and validation {measure}\n{TITLES[network]} on {corpus}"
    figure, axes = single_axes(title, "epoch", measure)
    short = {"accuracy": "acc"}.get(measure, measure)
    labels = {"training": f"Training {short}", "validation": f"Validation {short}"}
    _draw_curves(axes, curves[curves["model"] == network], measure, labels, {"color": NOTEBOOK})
    axes.legend()
    return figure


def both_networks(curves: pd.DataFrame, measure: str, corpus: str) -> Figure:
    """Draw the curves of both networks in one figure, with the arguments of `one_network`."""
    names = " and ".join(TITLES[network] for network in NETWORKS)
    figure, axes = single_axes(f"{measure.capitalize()} of {names} on {corpus}", "epoch", measure)
    for network in NETWORKS:
        labels = {split: f"{TITLES[network]}, {split}" for split in ("training", "validation")}
        rows = curves[curves["model"] == network]
        style = {"color": MODELS[network], "linestyle": LINES[network]}
        _draw_curves(axes, rows, measure, labels, style)
    figure.legend(loc="outside lower center", ncols=len(NETWORKS))
    return figure


def roc(table: pd.DataFrame, corpus: str) -> Figure:
    """Draw the ROC curves, with the diagonal of a model that guesses."""
    figure, axes = single_axes(
        f"ROC curve on {corpus}", "false positive rate", "true positive rate"
    )
    axes.plot([0, 1], [0, 1], color=GRID)
    _draw_lines(axes, table, "false_positive_rate", "true_positive_rate")
    axes.legend(loc="lower right")
    return figure


def precision_recall(table: pd.DataFrame, corpus: str) -> Figure:
    """Draw the precision-recall curves."""
    figure, axes = single_axes(f"Precision and recall on {corpus}", "recall", "precision")
    _draw_lines(axes, table, "recall", "precision")
    axes.legend(loc="lower left")
    return figure


def reliability(table: pd.DataFrame, corpus: str) -> Figure:
    """Draw the reliability curves, with 95% intervals and the diagonal of a calibrated model."""
    figure, axes = single_axes(
        f"Reliability on {corpus}", "predicted probability of positive", "share that is positive"
    )
    axes.plot([0, 1], [0, 1], color=GRID)
    _draw_lines(axes, table, "predicted", "observed", marker="o")
    axes.legend(loc="upper left")
    return figure


def lengths(table: pd.DataFrame, maxlen: int, corpus: str) -> Figure:
    """Draw the accuracy by length of the review, with 95% intervals."""
    figure, axes = single_axes(f"Accuracy by length on {corpus}", "words in the review", "accuracy")
    _draw_lines(axes, table, "words", "accuracy", marker="o")
    shortest, longest = table["words"].min(), table["words"].max()
    # The first id marks the start of the review.
    if shortest < maxlen - 1 < longest:
        _draw_mark(axes, maxlen - 1, "networks truncate\nlonger reviews")
    axes.set_xscale("symlog", linthresh=1)  # a review can have no words
    ticks = _round_numbers(shortest, longest)
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.set_xlim(0.9 * shortest, 1.1 * longest + 1)
    axes.minorticks_off()
    axes.yaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    figure.legend(loc="outside lower center", ncols=len(TITLES))
    return figure


def single_axes(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    """Return an empty figure in the size of the report, and its axes."""
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot(title=title, xlabel=x, ylabel=y)
    if x == "epoch":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure, axes


def _draw_interval(
    axes: Axes, name: str, proportions: tuple[float, float, float], number: str, color: str
) -> None:
    """Draw a proportion and its interval, in percent."""
    low, value, high = (100 * proportion for proportion in proportions)
    axes.plot([low, high], [name, name], color=color, linewidth=2)
    axes.plot([value], [name], color=color, marker="o")
    text = f"{value:{number}}".replace("-", "−")
    axes.annotate(text, (value, name), xytext=(0, 6), textcoords="offset points", ha="center")


def _draw_curves(
    axes: Axes, rows: pd.DataFrame, measure: str, labels: dict[str, str], style: Any
) -> None:
    """Draw training as dots and validation as a line, like the notebook."""
    for split, dots in (("training", True), ("validation", False)):
        curve = rows[rows["split"] == split]
        kind: dict[str, Any] = {"marker": "o", "linestyle": "none"} if dots else {}
        axes.plot(curve["epoch"], curve[measure], label=labels[split], **(style | kind))


def _draw_lines(axes: Axes, table: pd.DataFrame, x: str, y: str, marker: str | None = None) -> None:
    """Draw one line per model, with 95% intervals if the table has them."""
    for model, title in TITLES.items():
        rows = table[table["model"] == model]
        style: dict[str, Any] = {"color": MODELS[model], "linestyle": LINES[model]}
        axes.plot(rows[x], rows[y], label=title, marker=marker, markersize=3.5, **style)
        if "low" in table:
            axes.fill_between(
                rows[x], rows["low"], rows["high"], color=MODELS[model], alpha=0.2, linewidth=0
            )


def _draw_mark(axes: Axes, x: float, text: str) -> None:
    axes.axvline(x, color=INK, linewidth=1, linestyle=(0, (1, 2)))
    position: Any = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
    axes.annotate(text, (x, 0.02), xytext=(4, 0), fontsize=8, **position)


def _round_numbers(low: float, high: float) -> list[int]:
    """Return 1, 2 and 5 times the powers of ten, from `low` to `high`."""
    powers = 10 ** np.arange(7)
    numbers = np.outer(powers, (1, 2, 5)).ravel()
    return [int(number) for number in numbers if low <= number <= high]
