"""The figures of the report, and those of the notebook."""

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

SIZE = (4.6, 3.7)  # inches: small, so that the letters are large enough on a phone
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
    """Return all figures by name, those of the notebook last.

    Args:
        metrics: what `metrics.json` holds.
        tables: the rows of the plots, by name (see `plot_data`).
        maxlen: ids a review.
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
    """Write the figure; equal figures give equal bytes."""
    with atomic_file(file) as part:
        figure.savefig(part, dpi=160)


def intervals(metrics: dict[str, Any]) -> Figure:
    """Return each model's accuracy and the networks' difference, with their 95 % intervals."""
    figure = Figure(figsize=SIZE, layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=(3, 1.3))
    upper.set_title(f"Accuracy on {metrics['corpus']['name']}, with 95 % intervals")
    for model, title in TITLES.items():
        low, high = metrics[model]["accuracy_interval"]
        _interval(upper, title, (low, metrics[model]["accuracy"], high), ".2f", MODELS[model])
    upper.set(xlabel="accuracy (%)", ylim=(len(TITLES) - 0.5, -0.5))
    upper.margins(x=0.1)
    pair = metrics["pair"]
    ends = (pair["difference_low"], pair["accuracy_difference"], pair["difference_high"])
    _interval(lower, f"{TITLES['bilstm']}\n− {TITLES['bigru']}", ends, "+.2f", INK)
    lower.axvline(0, color=INK, linewidth=1)
    reach = 130 * max(map(abs, ends))
    lower.set(xlabel="difference (points)", xlim=(-reach, reach), ylim=(-0.5, 0.5))
    for axes in (upper, lower):
        axes.grid(visible=False, axis="y")
    return figure


def one_network(curves: pd.DataFrame, network: str, measure: str, corpus: str) -> Figure:
    """Return the notebook's figure of one network: blue dots and a blue line.

    Args:
        curves: columns model, split (training or validation), epoch, accuracy and loss.
        network: bilstm or bigru.
        measure: accuracy or loss.
        corpus: the name of the corpus, for the title.
    """
    title = f"Training and validation {measure}\n{TITLES[network]} on {corpus}"
    figure, axes = one_axes(title, "epoch", measure)
    short = {"accuracy": "acc"}.get(measure, measure)
    labels = {"training": f"Training {short}", "validation": f"Validation {short}"}
    _curve(axes, curves[curves["model"] == network], measure, labels, {"color": NOTEBOOK})
    axes.legend()
    return figure


def both_networks(curves: pd.DataFrame, measure: str, corpus: str) -> Figure:
    """Return the curves of both networks in one figure, a colour each; arguments as above."""
    names = " and ".join(TITLES[network] for network in NETWORKS)
    figure, axes = one_axes(f"{measure.capitalize()} of {names} on {corpus}", "epoch", measure)
    for network in NETWORKS:
        labels = {split: f"{TITLES[network]}, {split}" for split in ("training", "validation")}
        rows = curves[curves["model"] == network]
        style = {"color": MODELS[network], "linestyle": LINES[network]}
        _curve(axes, rows, measure, labels, style)
    figure.legend(loc="outside lower center", ncols=len(NETWORKS))
    return figure


def roc(table: pd.DataFrame, corpus: str) -> Figure:
    """Return the ROC curves, with the diagonal of a model that guesses."""
    figure, axes = one_axes(f"ROC curve on {corpus}", "false positive rate", "true positive rate")
    axes.plot([0, 1], [0, 1], color=GRID)
    _lines(axes, table, "false_positive_rate", "true_positive_rate")
    axes.legend(loc="lower right")
    return figure


def precision_recall(table: pd.DataFrame, corpus: str) -> Figure:
    """Return the precision-recall curves."""
    figure, axes = one_axes(f"Precision and recall on {corpus}", "recall", "precision")
    _lines(axes, table, "recall", "precision")
    axes.legend(loc="lower left")
    return figure


def reliability(table: pd.DataFrame, corpus: str) -> Figure:
    """Return the reliability curves, with 95 % intervals and the diagonal of a calibrated model."""
    figure, axes = one_axes(
        f"Reliability on {corpus}", "predicted probability of positive", "share that is positive"
    )
    axes.plot([0, 1], [0, 1], color=GRID)
    _lines(axes, table, "predicted", "observed", marker="o")
    axes.legend(loc="upper left")
    return figure


def lengths(table: pd.DataFrame, maxlen: int, corpus: str) -> Figure:
    """Return the accuracy by length of the review, with 95 % intervals."""
    figure, axes = one_axes(f"Accuracy by length on {corpus}", "words in the review", "accuracy")
    _lines(axes, table, "words", "accuracy", marker="o")
    shortest, longest = table["words"].min(), table["words"].max()
    # The first id is the start's.
    if shortest < maxlen - 1 < longest:
        _mark(axes, maxlen - 1, "networks truncate\nfrom here on")
    axes.set_xscale("symlog", linthresh=1)  # a review can be without words
    ticks = _round_numbers(shortest, longest)
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.set_xlim(0.9 * shortest, 1.1 * longest + 1)
    axes.minorticks_off()
    axes.yaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    figure.legend(loc="outside lower center", ncols=len(TITLES))
    return figure


def one_axes(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    """Return an empty figure of the report's size, and its axes."""
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot(title=title, xlabel=x, ylabel=y)
    if x == "epoch":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure, axes


def _interval(
    axes: Axes, name: str, shares: tuple[float, float, float], number: str, color: str
) -> None:
    """Draw a share between the ends of its interval, in percent."""
    low, value, high = (100 * share for share in shares)
    axes.plot([low, high], [name, name], color=color, linewidth=2)
    axes.plot([value], [name], color=color, marker="o")
    axes.annotate(
        f"{value:{number}}", (value, name), xytext=(0, 6), textcoords="offset points", ha="center"
    )


def _curve(
    axes: Axes, rows: pd.DataFrame, measure: str, labels: dict[str, str], style: Any
) -> None:
    """Draw training as dots and validation as a line, as in the notebook."""
    for split, dots in (("training", True), ("validation", False)):
        curve = rows[rows["split"] == split]
        kind: dict[str, Any] = {"marker": "o", "linestyle": "none"} if dots else {}
        axes.plot(curve["epoch"], curve[measure], label=labels[split], **(style | kind))


def _lines(axes: Axes, table: pd.DataFrame, x: str, y: str, marker: str | None = None) -> None:
    """Draw a line for each model; with 95 % intervals, where the table has them."""
    for model, title in TITLES.items():
        rows = table[table["model"] == model]
        style: dict[str, Any] = {"color": MODELS[model], "linestyle": LINES[model]}
        axes.plot(rows[x], rows[y], label=title, marker=marker, markersize=3.5, **style)
        if "low" in table:
            axes.fill_between(
                rows[x], rows["low"], rows["high"], color=MODELS[model], alpha=0.2, linewidth=0
            )


def _mark(axes: Axes, x: float, text: str) -> None:
    axes.axvline(x, color=INK, linewidth=1, linestyle=(0, (1, 2)))
    place: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
    axes.annotate(text, (x, 0.02), xytext=(4, 0), fontsize=8, **place)


def _round_numbers(low: float, high: float) -> list[int]:
    """Return the numbers 1, 2 and 5 times a power of ten that lie between `low` and `high`."""
    powers = 10 ** np.arange(7)
    numbers = np.outer(powers, (1, 2, 5)).ravel()
    return [int(number) for number in numbers if low <= number <= high]
