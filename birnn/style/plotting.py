"""The style of all figures, what they share, and their files."""

import io
import re
from itertools import cycle
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.ticker import MaxNLocator

from birnn.core.outputs import atomic_file
from birnn.evaluation.model_names import TITLES
from birnn.style.colors import GRID, INK, MODEL_COLORS

DASHES = dict(zip(TITLES, cycle(("-", "--", ":", "-.")), strict=False))

WIDTH, HEIGHT = 5, 3.4  # inches; small, so that letters are large enough on a phone
TITLE_LENGTH, LABEL_SPACING = 60, 0.07  # letters of a title, and share of the height of axes
STYLE: Any = {
    "axes.edgecolor": INK,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.titlesize": "medium",
    "figure.titleweight": "bold",
    "font.size": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "text.color": INK,
    "text.parse_math": False,  # the name of a corpus may contain dollar signs
    "xtick.color": INK,
    "ytick.color": INK,
}


def legible(name: str, otherwise: str = "own texts") -> str:
    """Return a name, or `otherwise` if the font of the figures lacks one of its characters."""
    known = get_font(findfont("DejaVu Sans")).get_charmap()
    return name if {*map(ord, name)} <= known.keys() else otherwise


def new_figure(title: str, height: float = HEIGHT) -> Figure:
    """Return an empty figure, `height` inches high."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.suptitle(fill(title, TITLE_LENGTH), x=0.01, ha="left")
    return figure


def draw_lines(axes: Axes, table: pd.DataFrame, x: str, y: str, form: str = "") -> None:
    """Draw two columns as one line per model, with a band from `low` to `high` if there are any.

    Labels at the ends of all lines have their last values in the format `form`; if it has a percent
    sign, so has the axis.
    """
    for model, rows in table.groupby("model"):
        color, style = MODEL_COLORS[model], {"linestyle": DASHES[model], "label": TITLES[model]}
        axes.plot(rows[x], rows[y], color=color, marker="o", markersize=3.5, **style)
        if "low" in rows:
            axes.fill_between(rows[x], rows["low"], rows["high"], alpha=0.2, lw=0, color=color)
    if "%" in form:
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
    if pd.api.types.is_integer_dtype(table[x]):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    lines: list[Any] = axes.get_legend_handles_labels()[0]
    height, place = -np.inf, axes.get_yaxis_transform()
    for line in sorted(lines, key=lambda line: line.get_ydata()[-1]):
        value = line.get_ydata()[-1]
        height = max(value, height + LABEL_SPACING * np.ptp(axes.get_ylim()))
        text = f"  {line.get_label()} {form.format(value)}"
        axes.text(1, height, text, color=line.get_color(), va="center", transform=place)


def save(figure: Figure, file: Path) -> None:
    """Write a figure as PNG; equal figures give equal bytes."""
    with atomic_file(file) as part:
        figure.savefig(part, dpi=160)


def to_svg(figure: Figure, name: str) -> str:
    """Return the figure as an `svg` element whose ids start with `name`.

    It has the colors of the page: light, dark or print. Letters stay text, so they can be read
    aloud, searched and copied. Equal figures give equal text.
    """
    text = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    svg = re.sub(r'(?s)^.*?<svg[^>]*(viewBox="[^"]*")[^>]*>', r"<svg \1>", text.getvalue())
    svg = re.sub(r"(?s)<(metadata|style).*?</\1>", "", svg)
    svg = re.sub(r'(\sid="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    for variable, color in (MODEL_COLORS | {"ink": INK, "grid": GRID}).items():
        svg = svg.replace(color, f"var(--{variable})")
    return svg.strip()
