"""All colors of figures, pages and the terminal.

Blue, vermilion and green come from Okabe and Ito's palette, which is safe for color-blind readers.
In figures, models also differ by line style or marker.
"""

from birnn.architectures.registry import NETWORKS
from birnn.networks.definition import Color

# The colors that a network can have, on a light and on a dark background.
NETWORK_COLORS: dict[Color, tuple[str, str]] = {
    "blue": ("#0072b2", "#56b4e9"),
    "vermilion": ("#d55e00", "#ff9442"),
    "pink": ("#b83280", "#f58cc3"),
    "ochre": ("#8a6d00", "#e3c04a"),
    "gray": ("#6b6b6b", "#b4b4b4"),
}
_MODEL_COLORS = {name: NETWORK_COLORS[network.color] for name, network in NETWORKS.items()}
_MODEL_COLORS["baseline"] = ("#009e73", "#2fce9f")

MODEL_COLORS = {name: light for name, (light, _) in _MODEL_COLORS.items()}
INK, GRID = "#1a1a1a", "#cccccc"

# Backgrounds of words that push a prediction to a class, on a page and in a terminal.
POSITIVE, NEGATIVE = "#0072b2", "#d55e00"
TERMINAL_POSITIVE, TERMINAL_NEGATIVE = "#2882c8", "#cd5f0a"

LIGHT = MODEL_COLORS | {
    "positive": POSITIVE,
    "negative": NEGATIVE,
    "link": "#0072b2",
    "warning": "#d55e00",
    "ink": INK,
    "grid": GRID,
    "paper": "#ffffff",
    "faint": "#5c5c5c",
    "code": "#f2f2f2",
}
DARK = {name: dark for name, (_, dark) in _MODEL_COLORS.items()} | {
    "positive": "#2f8ccf",
    "negative": "#d0641f",
    "link": "#56b4e9",
    "warning": "#ff9442",
    "ink": "#e8e8e8",
    "grid": "#4a4d52",
    "paper": "#16181c",
    "faint": "#a8a8a8",
    "code": "#24272c",
}
PRINT = LIGHT | {"ink": "#000000", "grid": "#bbbbbb", "code": "#ffffff"}


def css_variables(palette: dict[str, str]) -> str:
    """Return the CSS variables of a palette, such as `--ink: #1a1a1a;`."""
    return " ".join(f"--{name}: {color};" for name, color in palette.items())
