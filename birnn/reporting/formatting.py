"""Formats of numbers in the terminal, in the report and in the review of a change."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from birnn.evaluation.intervals import TOO_FEW_SEEDS

NOTHING = "–"


def code(text: str) -> str:
    """Format a line of text as code in a Markdown table."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    # Markdown strips a space on both sides.
    space = " " if "`" in text or text[:1] == text[-1:] == " " else ""
    return fence + space + text.replace("|", r"\|") + space + fence


def number(value: int) -> str:
    """Format an integer with thousands separators."""
    return f"{value:,}"


def listed(items: Iterable[str], word: str = "and") -> str:
    """Join items with commas, and with a word before the last one."""
    *first, last = items
    return f"{', '.join(first)} {word} {last}" if first else last


def pick(names: Iterable[str], values: Mapping[str, Any]) -> list[Any]:
    """Return the values of the given names."""
    return [values[name] for name in names]


def percent(value: float) -> str:
    """Format a proportion in percent."""
    return f"{100 * value:.2f}%"


def points(value: float) -> str:
    """Format a difference of proportions in percentage points, with its sign."""
    return f"{100 * value:+.2f}".replace("-", "−")


def seconds(value: float) -> str:
    """Format a duration in minutes and seconds; a dash if it is NaN."""
    if math.isnan(value):
        return NOTHING
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def score(value: float | list[float] | None) -> str:
    """Format a score, an integer or an interval."""
    if value is None:
        return NOTHING
    if isinstance(value, list):
        return " to ".join(f"{end:.4f}" for end in value)
    return number(value) if isinstance(value, int) else f"{value:.4f}"


def accuracy(measured: dict[str, Any]) -> str:
    """Format an accuracy and its interval, in percent without the sign."""
    if measured["accuracy"] is None:
        return NOTHING
    value, low, high = (f"{100 * measured[name]:.2f}" for name in ("accuracy", "low", "high"))
    return f"{value} ({low} to {high})"


def failures(measured: dict[str, Any]) -> str:
    """Format the failures of a behavioral test.

    If their rate has an interval, format both in percent without the sign, else the number of
    failures.
    """
    if math.isnan(measured["failure_rate"]):
        return NOTHING
    if math.isnan(measured["low"]):
        return number(measured["failures"])
    value, low, high = (f"{100 * measured[name]:.1f}" for name in ("failure_rate", "low", "high"))
    return f"{value} ({low} to {high})"


def percent_with_deviation(mean: float, deviation: float) -> str:
    """Format a mean proportion over seeds and its standard deviation, in percent."""
    return f"{100 * mean:.2f}" + ("" if math.isnan(deviation) else f" ± {100 * deviation:.2f}")


def with_deviation(spread: dict[str, Any]) -> str:
    """Format a mean over seeds and its standard deviation."""
    if math.isnan(spread["deviation"]):
        return f"{spread['mean']:.4f}"
    return f"{spread['mean']:.4f} ± {spread['deviation']:.4f}"


def paired_difference(compared: dict[str, Any]) -> str:
    """Format a difference on the same reviews and its interval, in percentage points."""
    names = ("accuracy_difference", "difference_low", "difference_high")
    value, low, high = (points(compared[name]) for name in names)
    return f"{value} ({low} to {high})"


def difference(spread: dict[str, Any], form: Callable[[float], str] = points) -> str:
    """Format a mean difference over seeds and its interval, by default in percentage points."""
    mean, low, high = (form(spread[name]) for name in ("mean", "low", "high"))
    return f"{mean} ({TOO_FEW_SEEDS if math.isnan(spread['low']) else f'{low} to {high}'})"
