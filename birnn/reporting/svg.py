"""Figures as SVG that stands in a page, and takes on its colours in light, dark and print."""

import io
import re

import matplotlib as mpl
from matplotlib.figure import Figure

from birnn.reporting.figures import COLORS, GRID, INK

# Names of the colours in the page's style; the last is the notebook's blue.
VARIABLES = {
    INK: "--ink",
    GRID: "--grid",
    **{color: f"--{model}" for model, color in COLORS.items()},
    "#0000ff": "--notebook",
}


def inline(figure: Figure, name: str) -> str:
    """Return the figure as an `svg` element without ids that another figure has.

    Letters stay text, so that they can be read aloud, found and copied. Equal figures give equal
    text.
    """
    text = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    svg = re.sub(r'(?s)^.*?<svg[^>]*(viewBox="[^"]*")[^>]*>', r"<svg \1>", text.getvalue())
    svg = re.sub(r"(?s)<(metadata|style).*?</\1>", "", svg)
    svg = re.sub(r'(\sid="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    for color, variable in VARIABLES.items():
        svg = svg.replace(color, f"var({variable})")
    return svg.strip()
