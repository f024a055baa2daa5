"""The figures: training as dots, validation as a line, as in the notebook."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from birnn.files import whole_file

TITLES = {"bilstm": "BiLSTM", "bigru": "BiGRU"}
# Blue and vermilion of Okabe and Ito's palette, told apart by colour-blind readers too.
COLORS = {"bilstm": "#0072b2", "bigru": "#d55e00"}


def one_network(curves: pd.DataFrame, network: str, measure: str, corpus: str) -> Figure:
    """Return the notebook's figure of one network: blue dots and a blue line.

    Args:
        curves: columns network, split (training or validation), epoch, accuracy and loss.
        network: bilstm or bigru.
        measure: accuracy or loss.
        corpus: the name of the corpus, for the title.
    """
    figure, axes = _figure(measure, f"{TITLES[network]} on {corpus}")
    short = {"accuracy": "acc"}.get(measure, measure)
    labels = {"training": f"Training {short}", "validation": f"Validation {short}"}
    _draw(axes, curves[curves["network"] == network], measure, "b", labels)
    axes.legend()
    return figure


def both_networks(curves: pd.DataFrame, measure: str, corpus: str) -> Figure:
    """Return the curves of both networks in one figure, a colour each; arguments as above."""
    names = " and ".join(TITLES.values())
    figure, axes = _figure(measure, f"{names} on {corpus}")
    for network, title in TITLES.items():
        labels = {split: f"{title}, {split}" for split in ("training", "validation")}
        rows = curves[curves["network"] == network]
        _draw(axes, rows, measure, COLORS[network], labels)
    figure.legend(loc="outside lower center", ncols=len(TITLES))
    return figure


def save(figure: Figure, file: Path) -> None:
    """Write the figure; equal figures give equal bytes."""
    with whole_file(file) as part:
        figure.savefig(part, dpi=120)


def _figure(measure: str, subject: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    axes = figure.add_subplot(
        title=f"Training and validation {measure}\n{subject}", xlabel="epoch", ylabel=measure
    )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure, axes


def _draw(axes: Axes, rows: pd.DataFrame, measure: str, color: str, labels: dict[str, str]) -> None:
    for split, marker, line in (("training", "o", "none"), ("validation", "none", "-")):
        curve = rows[rows["split"] == split]
        axes.plot(
            curve["epoch"],
            curve[measure],
            color=color,
            marker=marker,
            linestyle=line,
            label=labels[split],
        )
