"""Inline SVG figures, in the colors of the page: light, dark or print."""

import io
import re

import matplotlib as mpl
from matplotlib.figure import Figure

from birnn.style.colors import GRID, INK, MODEL_COLORS


def inline(figure: Figure, name: str) -> str:
    """Return the figure as an `svg` element whose ids start with `name`.

    Letters stay text, so they can be read aloud, searched and copied. Equal figures give equal
    text.
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
