"""The figures of the report and the figures of the notebook."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from birnn.core.outputs import atomic_file
from birnn.evaluation.calibration import RAW
from birnn.evaluation.model_names import (
    BASELINE,
    NETWORKS,
    TITLES,
    comparisons,
    pair_title,
)
from birnn.reporting.colors import GRID, INK, MODELS, NOTEBOOK
from birnn.training.splits import TRAINING

# Line styles of the networks, in the order of the registry.
NETWORK_LINES = ("-", "--", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (9, 3)))
LINES: dict[str, Any] = dict(zip(NETWORKS, cycle(NETWORK_LINES), strict=False)) | {BASELINE: ":"}

PAIR_MARKERS = "osD^v<>PX*"  # of pairs of networks

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
    metrics: dict[str, Any],
    tables: dict[str, pd.DataFrame],
    review_lengths: dict[str, NDArray[np.int32]],
    maxlen: int,
) -> dict[str, Figure]:
    """Draw all figures and return them by name, the notebook's figures last.

    Args:
        metrics: content of `metrics.json`.
        tables: data of the plots, by name (see `plot_data`).
        review_lengths: words of each review, by split, shape (reviews,).
        maxlen: ids per review.
    """
    corpus = metrics["corpus"]["name"]
    curves = tables["curves"]
    with mpl.rc_context(STYLE):
        figures = {
            "intervals": intervals(metrics),
            "accuracy": all_networks(curves, "accuracy", corpus),
            "loss": all_networks(curves, "loss", corpus),
            "roc": roc(tables["roc"], metrics),
            "precision_recall": precision_recall(tables["precision_recall"], metrics),
            "reliability": reliability(tables["reliability"], metrics),
            "lengths": lengths(tables["lengths"], maxlen, corpus),
            "review_lengths": length_distribution(review_lengths, maxlen, corpus),
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
    """Draw the accuracies and their differences, with 95% intervals over test reviews.

    The differences between networks have their own axes, because they are much smaller than the
    differences from the baseline.
    """
    networks = comparisons(metrics)
    baseline: dict[tuple[str, str], dict[str, Any]] = {
        (BASELINE, other["network"]): other for other in metrics[BASELINE]["against"]
    }
    panels = [panel for panel in (networks, baseline) if panel]
    rows = [len(TITLES), *map(len, panels)]
    width, _ = SIZE
    heights = [0.32 * len(TITLES), *(0.5 * len(panel) for panel in panels)]  # inches
    labels = 0.5 * (1 + len(rows))
    figure = Figure(figsize=(width, sum(heights) + labels), layout="constrained")
    upper, *others = figure.subplots(len(rows), 1, height_ratios=heights)
    title = _on_test_split("Accuracy", metrics)
    figure.suptitle(f"{title},\nwith 95% intervals over reviews", fontsize=10)
    for model, title in TITLES.items():
        low, high = metrics[model]["accuracy_interval"]
        _draw_interval(upper, title, (low, metrics[model]["accuracy"], high), ".2f", MODELS[model])
    upper.set(xlabel="accuracy (%)")
    upper.margins(x=0.1)
    for axes, panel in zip(others, panels, strict=True):
        _draw_differences(axes, panel)
    for axes, count in zip((upper, *others), rows, strict=True):
        axes.set_ylim(count - 0.5, -0.7)
        axes.grid(visible=False, axis="y")
    return figure


def one_network(curves: pd.DataFrame, network: str, measure: str, corpus: str) -> Figure:
    """Draw the notebook's figure of one network: blue dots and a blue line.

    Args:
        curves: columns model, split, epoch, accuracy and loss (see `plot_data.learning_curves`).
        network: name of the network.
        measure: accuracy or loss.
        corpus: name of the corpus, for the title.
    """
    watched = _watched_split(curves)
    title = f"Training and {watched} {measure}\n{TITLES[network]} on {corpus}"
    figure, axes = single_axes(title, "epoch", measure)
    short = {"accuracy": "acc"}.get(measure, measure)
    labels = {split: f"{split.capitalize()} {short}" for split in (TRAINING, watched)}
    draw_curves(axes, curves[curves["model"] == network], measure, labels, {"color": NOTEBOOK})
    axes.legend()
    return figure


def all_networks(curves: pd.DataFrame, measure: str, corpus: str) -> Figure:
    """Draw the curves of all networks in one figure, with the arguments of `one_network`."""
    figure, axes = single_axes(f"{measure.capitalize()} per epoch on {corpus}", "epoch", measure)
    watched = _watched_split(curves)
    for network in NETWORKS:
        rows = curves[curves["model"] == network]
        style = {"color": MODELS[network], "linestyle": LINES[network]}
        draw_curves(axes, rows, measure, {watched: TITLES[network]}, style)
    # Explain dots and lines once, in the color of the text.
    axes.plot([], [], "o", color=INK, label=TRAINING)
    axes.plot([], [], color=INK, label=watched)
    draw_legend(figure)
    return figure


def _watched_split(curves: pd.DataFrame) -> str:
    """Return the name of the reviews on which each epoch was validated."""
    return str(next(split for split in curves["split"].unique() if split != TRAINING))


def roc(table: pd.DataFrame, metrics: dict[str, Any]) -> Figure:
    """Draw the ROC curves, with the diagonal of a model that guesses."""
    figure, axes = single_axes(
        _on_test_split("ROC curve", metrics), "false positive rate", "true positive rate"
    )
    axes.plot([0, 1], [0, 1], color=GRID)
    labels = _labels("AUC", "roc_auc", metrics)
    _draw_lines(axes, table, ("false_positive_rate", "true_positive_rate"), labels)
    axes.legend(loc="lower right")
    return figure


def precision_recall(table: pd.DataFrame, metrics: dict[str, Any]) -> Figure:
    """Draw the precision-recall curves."""
    title = _on_test_split("Precision and recall", metrics)
    figure, axes = single_axes(title, "recall", "precision")
    labels = _labels("AP", "average_precision", metrics)
    _draw_lines(axes, table, ("recall", "precision"), labels)
    axes.legend(loc="lower left")
    return figure


def reliability(table: pd.DataFrame, metrics: dict[str, Any]) -> Figure:
    """Draw the reliability curves, with 95% intervals and the diagonal of a calibrated model.

    If the table has curves after temperature scaling, they are drawn below.
    """
    calibrations = list(table["calibration"].unique())
    width, height = SIZE
    figure = Figure(figsize=(width, height * len(calibrations)), layout="constrained")
    panels = np.ravel(figure.subplots(len(calibrations), 1))
    for axes, calibration in zip(panels, calibrations, strict=True):
        title, score = (
            ("Reliability", "ece")
            if calibration == RAW
            else ("Reliability after\ntemperature scaling", "ece_scaled")
        )
        axes.set(
            title=_on_test_split(title, metrics),
            xlabel="predicted probability of positive",
            ylabel="share that is positive",
        )
        axes.plot([0, 1], [0, 1], color=GRID)
        rows, labels = table[table["calibration"] == calibration], _labels("ECE", score, metrics)
        _draw_lines(axes, rows, ("predicted", "observed"), labels, marker="o")
        axes.legend(loc="upper left")
    return figure


def lengths(table: pd.DataFrame, maxlen: int, corpus: str) -> Figure:
    """Draw the accuracy by length of the review, with 95% intervals."""
    figure, axes = single_axes(
        f"Accuracy by length on the test split of {corpus}", "words in the review", "accuracy"
    )
    _draw_lines(axes, table, ("words", "accuracy"), TITLES, marker="o")
    _scale_lengths(axes, table["words"].min(), table["words"].max(), maxlen)
    axes.yaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10]))
    draw_legend(figure)
    return figure


def length_distribution(
    review_lengths: dict[str, NDArray[np.int32]], maxlen: int, corpus: str
) -> Figure:
    """Draw the cumulative distributions of the lengths of training and test reviews.

    They are drawn at 300 quantiles, since a point per review would make the page too large.
    """
    figure, axes = single_axes(
        f"Lengths of the reviews of {corpus}",
        "words in the review",
        "reviews with at most as many words",
    )
    shares = np.linspace(0, 1, 301)
    # The lines of similar splits coincide, so the first is wider.
    styles: list[dict[str, Any]] = [{"color": GRID, "linewidth": 5}, {"color": INK, "linewidth": 1}]
    for (split, words), style in zip(review_lengths.items(), styles, strict=True):
        axes.plot(np.quantile(words, shares, method="inverted_cdf"), shares, label=split, **style)
    every = np.concatenate(list(review_lengths.values()))
    _scale_lengths(axes, every.min(), every.max(), maxlen)
    axes.legend(loc="upper left")
    return figure


def draw_legend(figure: Figure) -> None:
    """Draw the legend of all axes of a figure below it."""
    entries = [axes.get_legend_handles_labels() for axes in figure.axes]
    handles = [handle for handles, _ in entries for handle in handles]
    labels = [label for _, labels in entries for label in labels]
    columns = 2 if len(labels) in {2, 4} else 3
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def single_axes(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    """Return an empty figure in the size of the report, and its axes."""
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot(title=title, xlabel=x, ylabel=y)
    if x == "epoch":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    return figure, axes


def _on_test_split(title: str, metrics: dict[str, Any]) -> str:
    return f"{title} on the test split of {metrics['corpus']['name']}"


def _labels(name: str, score: str, metrics: dict[str, Any]) -> dict[str, str]:
    """Return the titles of the models with a score, which is called `name`."""
    return {
        model: f"{title}, {name} {metrics[model][score]:.3f}" for model, title in TITLES.items()
    }


def _draw_differences(axes: Axes, differences: Mapping[tuple[str, str], dict[str, Any]]) -> None:
    """Draw differences of accuracies and their intervals, in points, and the position of 0."""
    for pair, compared in differences.items():
        ends = [
            compared[key] for key in ("difference_low", "accuracy_difference", "difference_high")
        ]
        _draw_interval(axes, pair_title(*pair).replace(" minus", "\nminus"), ends, "+.2f", INK)
    axes.axvline(0, color=GRID, linewidth=2, zorder=0)
    axes.set(xlabel="difference (points)")
    axes.margins(x=0.2)


def _draw_interval(
    axes: Axes, name: str, proportions: Sequence[float], number: str, color: str
) -> None:
    """Draw a proportion and its interval, in percent."""
    low, value, high = (100 * proportion for proportion in proportions)
    axes.plot([low, high], [name, name], color=color, linewidth=2)
    axes.plot([value], [name], color=color, marker="o")
    text = f"{value:{number}}".replace("-", "−")
    axes.annotate(text, (value, name), xytext=(0, 6), textcoords="offset points", ha="center")


def draw_curves(
    axes: Axes, rows: pd.DataFrame, measure: str, labels: dict[str, str], style: Any
) -> None:
    """Draw training as dots and validation as a line, like the notebook."""
    for split in rows["split"].unique():
        curve, dots = rows[rows["split"] == split], split == TRAINING
        kind: dict[str, Any] = {"marker": "o", "linestyle": "none"} if dots else {}
        axes.plot(curve["epoch"], curve[measure], label=labels.get(split), **(style | kind))


def _draw_lines(
    axes: Axes,
    table: pd.DataFrame,
    columns: tuple[str, str],
    labels: dict[str, str],
    marker: str | None = None,
) -> None:
    """Draw two columns as one line per model, with 95% intervals if the table has them."""
    x, y = columns
    for model, label in labels.items():
        rows = table[table["model"] == model]
        style: dict[str, Any] = {"color": MODELS[model], "linestyle": LINES[model]}
        axes.plot(rows[x], rows[y], label=label, marker=marker, markersize=3.5, **style)
        if "low" in table:
            axes.fill_between(
                rows[x], rows["low"], rows["high"], color=MODELS[model], alpha=0.2, linewidth=0
            )


def _scale_lengths(axes: Axes, shortest: int, longest: int, maxlen: int) -> None:
    """Scale the axes to numbers of words and percentages, and mark where networks truncate."""
    # The first id marks the start of the review.
    if shortest < maxlen - 1 < longest:
        _draw_mark(axes, maxlen - 1, "networks truncate\nlonger reviews")
    axes.set_xscale("symlog", linthresh=1)  # a review can have no words
    ticks = _round_numbers(shortest, longest)
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.set_xlim(0.9 * shortest, 1.1 * longest + 1)
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def _draw_mark(axes: Axes, x: float, text: str) -> None:
    axes.axvline(x, color=INK, linewidth=1, linestyle=(0, (1, 2)))
    position: Any = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
    axes.annotate(text, (x, 0.02), xytext=(4, 0), fontsize=8, **position)


def _round_numbers(low: float, high: float) -> list[int]:
    """Return 1, 2 and 5 times the powers of ten, from `low` to `high`."""
    powers = 10 ** np.arange(7)
    numbers = np.outer(powers, (1, 2, 5)).ravel()
    return [int(number) for number in numbers if low <= number <= high]
