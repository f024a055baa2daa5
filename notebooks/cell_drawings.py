"""Drawings of the LSTM cell and the GRU cell for the tutorial."""

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from birnn.style.colors import INK

GATE, CANDIDATE, WHITE = "#d6e8f5", "#fbe3d0", "#ffffff"
STATE_WIDTH, LINE_WIDTH = 2.4, 1.0
TOP, CANDIDATE_Y, GATE_Y, STATE_Y, INPUT_Y = 6.0, 4.2, 2.7, 1.2, 0.5
HALF_WIDTH, HALF_HEIGHT, RADIUS = 0.75, 0.48, 0.26

TIMES = "\N{MULTIPLICATION SIGN}"

Point = tuple[float, float]


def draw_lstm(axes: Axes) -> None:
    """Draw the LSTM cell: the memory cell on top, the gates below."""
    _prepare(axes, "LSTM cell")
    _line(axes, (0, TOP), (10, TOP), width=STATE_WIDTH, arrow=True)
    _name(axes, "cₜ₋₁", (-0.1, TOP), "right")
    _name(axes, "cₜ", (10.1, TOP), "left")
    _buses(axes, 7.4)
    for x, name in ((1.6, "f"), (3.8, "i"), (7.4, "o")):
        _gate(axes, x, name)
    _line(axes, (1.6, GATE_Y + HALF_HEIGHT), (1.6, TOP - RADIUS), arrow=True)
    _gate_to_product(axes, 3.8, 5.6)
    _line(axes, (5.6, INPUT_Y), (5.6, GATE_Y - HALF_HEIGHT), arrow=True)
    _line(axes, (5.6, GATE_Y + HALF_HEIGHT), (5.6, TOP - RADIUS), arrow=True)
    _dots(axes, (5.6, INPUT_Y), (5.6, STATE_Y))
    _box(axes, (5.6, GATE_Y), "c̃\ntanh", CANDIDATE)
    _gate_to_product(axes, 7.4, 9.0)
    _line(axes, (9.0, TOP), (9.0, STATE_Y), (10, STATE_Y), arrow=True)
    _dots(axes, (9.0, TOP))
    _box(axes, (9.0, 5.15), "tanh", WHITE, half_height=0.3)
    for x, y, sign in (
        (1.6, TOP, TIMES),
        (5.6, TOP, "+"),
        (5.6, CANDIDATE_Y, TIMES),
        (9.0, CANDIDATE_Y, TIMES),
    ):
        _operation(axes, (x, y), sign)
    _name(axes, "hₜ₋₁", (-0.1, STATE_Y), "right")
    _name(axes, "hₜ", (10.1, STATE_Y), "left")


def draw_gru(axes: Axes) -> None:
    """Draw the GRU cell as Keras computes it: the reset gate acts after the matrix product."""
    _prepare(axes, "GRU cell")
    _line(axes, (0, TOP), (10, TOP), width=STATE_WIDTH, arrow=True)
    _name(axes, "hₜ₋₁", (-0.1, TOP), "right")
    _name(axes, "hₜ", (10.1, TOP), "left")
    _buses(axes, 8.0, states_to=5.4)
    _line(axes, (0.4, TOP), (0.4, STATE_Y))
    _dots(axes, (0.4, TOP))
    for x, name in ((1.8, "z"), (3.6, "r")):
        _gate(axes, x, name)
    _line(axes, (1.8, GATE_Y + HALF_HEIGHT), (1.8, TOP - RADIUS), arrow=True)
    _line(axes, (1.8, 5.15), (8.0 - RADIUS, 5.15), arrow=True)
    _dots(axes, (1.8, 5.15), (5.4, STATE_Y), (8.0, INPUT_Y))
    _box(axes, (3.6, 5.15), "1 − z", WHITE, half_height=0.3)
    _gate_to_product(axes, 3.6, 5.4)
    _line(axes, (5.4, STATE_Y), (5.4, GATE_Y - HALF_HEIGHT), arrow=True)
    _box(axes, (5.4, GATE_Y), "h U + b\N{PRIME}", WHITE)
    _line(axes, (5.4, GATE_Y + HALF_HEIGHT), (5.4, CANDIDATE_Y - RADIUS), arrow=True)
    _line(axes, (5.4, CANDIDATE_Y), (8.0 - HALF_WIDTH, CANDIDATE_Y), arrow=True)
    _line(axes, (8.0, INPUT_Y), (8.0, GATE_Y - HALF_HEIGHT), arrow=True)
    _box(axes, (8.0, GATE_Y), "x W + b", WHITE)
    _line(axes, (8.0, GATE_Y + HALF_HEIGHT), (8.0, CANDIDATE_Y - HALF_HEIGHT), arrow=True)
    _line(axes, (8.0, CANDIDATE_Y), (8.0, TOP - RADIUS), arrow=True)
    _box(axes, (8.0, CANDIDATE_Y), "h̃\ntanh", CANDIDATE)
    for x, y, sign in (
        (1.8, TOP, TIMES),
        (5.4, CANDIDATE_Y, TIMES),
        (8.0, 5.15, TIMES),
        (8.0, TOP, "+"),
    ):
        _operation(axes, (x, y), sign)


def _prepare(axes: Axes, title: str) -> None:
    axes.set(title=title, xlim=(-1.1, 11.1), ylim=(0.2, TOP + 0.5), aspect="equal")
    axes.axis("off")


def _buses(axes: Axes, end: float, states_to: float | None = None) -> None:
    """Draw the lines that carry the last state and the word vector to the gates."""
    start = 0.4 if states_to else 0
    _line(axes, (start, STATE_Y), (states_to or end, STATE_Y))
    _line(axes, (0, INPUT_Y), (end, INPUT_Y))
    _name(axes, "xₜ", (-0.1, INPUT_Y), "right")


def _gate(axes: Axes, x: float, name: str) -> None:
    """Draw a gate, which depends on the last state and the word vector."""
    _line(axes, (x, INPUT_Y), (x, GATE_Y - HALF_HEIGHT), arrow=True)
    _dots(axes, (x, INPUT_Y), (x, STATE_Y))
    _box(axes, (x, GATE_Y), f"{name}\nsigmoid", GATE)


def _gate_to_product(axes: Axes, x: float, product: float) -> None:
    """Draw the line from a gate up and to the right, to a product at the height of candidates."""
    end = (product - RADIUS, CANDIDATE_Y)
    _line(axes, (x, GATE_Y + HALF_HEIGHT), (x, CANDIDATE_Y), end, arrow=True)


def _line(axes: Axes, *points: Point, width: float = LINE_WIDTH, arrow: bool = False) -> None:
    *corners, last, end = points
    axes.plot(*zip(*corners, last, strict=True), color=INK, linewidth=width, zorder=1)
    style = {"arrowstyle": "-|>" if arrow else "-", "color": INK, "linewidth": width}
    axes.annotate("", end, last, arrowprops=style | {"shrinkA": 0, "shrinkB": 0}, zorder=1)


def _dots(axes: Axes, *points: Point) -> None:
    for x, y in points:
        axes.plot(x, y, "o", color=INK, markersize=3.5, zorder=2)


def _box(
    axes: Axes, center: Point, text: str, color: str, half_height: float = HALF_HEIGHT
) -> None:
    x, y = center
    corner, size = (x - HALF_WIDTH, y - half_height), (2 * HALF_WIDTH, 2 * half_height)
    axes.add_patch(Rectangle(corner, *size, facecolor=color, edgecolor=INK, zorder=2))
    axes.text(x, y, text, ha="center", va="center", fontsize=9, linespacing=1.1, zorder=3)


def _operation(axes: Axes, center: Point, sign: str) -> None:
    axes.plot(*center, "o", markersize=14, mec=INK, mfc=WHITE, zorder=2)
    axes.text(*center, sign, ha="center", va="center_baseline", fontsize=11, zorder=3)


def _name(axes: Axes, text: str, place: Point, side: str) -> None:
    axes.text(*place, text, ha=side, va="center", fontsize=11)
