"""Formats of numbers, lists and tables, in the terminal and in Markdown."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

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


def percent(value: float) -> str:
    """Format a proportion in percent."""
    return f"{100 * value:.2f}%"


def points(value: float) -> str:
    """Format a difference of proportions in percentage points, with its sign."""
    return f"{100 * value:+.2f}".replace("-", "−")


def confidence(comparisons: int) -> str:
    """Format the confidence of each of several simultaneous 95% intervals."""
    return f"{100 - 5 / comparisons:.3g}%"


def seconds(value: float) -> str:
    """Format a duration in minutes and seconds."""
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def with_interval(value: float, interval: list[float] | None = None) -> str:
    """Format a proportion and its interval, if there is one, in percent without the sign."""
    text = f"{100 * value:.2f}"
    if interval is None:
        return text
    low, high = (f"{100 * end:.2f}" for end in interval)
    return f"{text} ({low} to {high})"


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


def paired_difference(compared: dict[str, Any]) -> str:
    """Format a difference on the same reviews and its interval, in percentage points."""
    names = ("accuracy_difference", "difference_low", "difference_high")
    value, low, high = (points(compared[name]) for name in names)
    return f"{value} ({low} to {high})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Format a table in Markdown, with the first `left` columns aligned to the left."""
    rule = ["---"] * left + ["---:"] * (len(head) - left)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))
