"""Figures as SVG that stands in a page, and takes on its colours in light, dark and print."""

import io
import re

import matplotlib as mpl
from matplotlib.figure import Figure

from birnn.reporting.colors import GRID, INK, MODELS, NOTEBOOK


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
    for variable, color in (MODELS | {"ink": INK, "grid": GRID, "notebook": NOTEBOOK}).items():
        svg = svg.replace(color, f"var(--{variable})")
    return svg.strip()
