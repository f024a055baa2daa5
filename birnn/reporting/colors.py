"""All colors of figures, pages and the terminal.

Blue, vermilion and green come from Okabe and Ito's palette, which is safe for color-blind readers.
In figures, models also differ by line style or marker.
"""

MODELS = {"bilstm": "#0072b2", "bigru": "#d55e00", "baseline": "#009e73", "all": "#6a3d9a"}
NOTEBOOK = "#0000ff"
INK, GRID = "#1a1a1a", "#cccccc"

# Backgrounds of words that push a prediction to a class, on a page and in a terminal.
POSITIVE, NEGATIVE = "#0072b2", "#d55e00"
TERMINAL_POSITIVE, TERMINAL_NEGATIVE = "#2882c8", "#cd5f0a"

LIGHT = MODELS | {
    "notebook": NOTEBOOK,
    "positive": POSITIVE,
    "negative": NEGATIVE,
    "ink": INK,
    "grid": GRID,
    "paper": "#ffffff",
    "faint": "#5c5c5c",
    "code": "#f2f2f2",
}
DARK = {
    "bilstm": "#56b4e9",
    "bigru": "#ff9442",
    "baseline": "#2fce9f",
    "all": "#b793e0",
    "notebook": "#7aa2ff",
    "positive": "#2f8ccf",
    "negative": "#d0641f",
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
