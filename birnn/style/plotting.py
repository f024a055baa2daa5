"""The style of all figures, what they share, and their files."""

import io
import re
from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.ticker import MaxNLocator

from birnn.core.outputs import atomic_file
from birnn.evaluation.model_names import BASELINE, NETWORKS
from birnn.style.colors import GRID, INK, MODEL_COLORS

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
    "text.parse_math": False,  # the name of a corpus may contain dollar signs
    "xtick.color": INK,
    "ytick.color": INK,
}


def legible(name: str, otherwise: str = "own texts") -> str:
    """Return a name, or `otherwise` if the font of the figures lacks one of its characters."""
    known = get_font(findfont("DejaVu Sans")).get_charmap()
    return name if {*map(ord, name)} <= known.keys() else otherwise


def single_axes(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    """Return an empty figure in the size of the report, and its axes."""
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot(title=title, xlabel=x, ylabel=y)
    if x == "epoch":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    return figure, axes


def draw_legend(figure: Figure) -> None:
    """Draw the legend of all axes of a figure below it."""
    entries = sum(len(axes.get_legend_handles_labels()[1]) for axes in figure.axes)
    figure.legend(loc="outside lower center", ncols=2 if entries in {2, 4} else 3)


def save(figure: Figure, file: Path) -> None:
    """Write a figure as PNG; equal figures give equal bytes."""
    with atomic_file(file) as part:
        figure.savefig(part, dpi=160)


def to_svg(figure: Figure, name: str) -> str:
    """Return the figure as an `svg` element whose ids start with `name`.

    Its colors are those of the page: light, dark or print. Letters stay text, so they can be read
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
