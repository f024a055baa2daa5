"""How numbers are written for readers, the same in a terminal, in the report and in a review."""

import math
from typing import Any

NOTHING = "–"


def number(value: int) -> str:
    """Write a whole number."""
    return f"{value:,}"


def percent(value: float) -> str:
    """Write a share."""
    return f"{100 * value:.2f} %"


def points(value: float) -> str:
    """Write a difference of shares in percentage points, with its sign."""
    return f"{100 * value:+.2f}".replace("-", "−")


def seconds(value: float) -> str:
    """Write a time."""
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def score(value: float | list[float] | None) -> str:
    """Write a score, a whole number or an interval."""
    if value is None:
        return NOTHING
    if isinstance(value, list):
        return " to ".join(f"{end:.4f}" for end in value)
    return number(value) if isinstance(value, int) else f"{value:.4f}"


def accuracy(measured: dict[str, Any]) -> str:
    """Write an accuracy with its interval, in percent."""
    if measured["accuracy"] is None:
        return NOTHING
    value, low, high = (f"{100 * measured[name]:.2f}" for name in ("accuracy", "low", "high"))
    return f"{value} ({low} to {high})"


def failure_rate(measured: dict[str, Any]) -> str:
    """Write a share of failed cases with its interval, in percent."""
    if math.isnan(measured["failure_rate"]):
        return NOTHING
    value, low, high = (f"{100 * measured[name]:.1f}" for name in ("failure_rate", "low", "high"))
    return f"{value} ({low} to {high})"


def with_deviation(spread: dict[str, Any]) -> str:
    """Write a mean over seeds with its standard deviation."""
    if math.isnan(spread["deviation"]):
        return f"{spread['mean']:.4f}"
    return f"{spread['mean']:.4f} ± {spread['deviation']:.4f}"


def difference(spread: dict[str, Any]) -> str:
    """Write a mean difference over seeds with its interval, in percentage points."""
    if math.isnan(spread["low"]):
        return points(spread["mean"])
    return f"{points(spread['mean'])} ({points(spread['low'])} to {points(spread['high'])})"
