"""The formats of numbers, lists and tables, and names in figures."""

import math

import pytest

from birnn.style import formatting
from birnn.style.plotting import legible

FAILURES = {"failure_rate": 0.25, "failures": 1_000, "low": 0.125, "high": 0.5}
DIFFERENCE = {"accuracy_difference": 0.01, "difference_low": -0.02, "difference_high": 0.04}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (formatting.number(1_234_567), "1,234,567"),
        (formatting.percent(0.81574), "81.57%"),
        (formatting.points(0.0016), "+0.16"),
        (formatting.points(-0.1), "−10.00"),
        (formatting.seconds(14.4), "14 s"),
        (formatting.seconds(201), "3 min 21 s"),
        (formatting.with_interval(0.5, [0.25, 0.75]), "50.00 (25.00 to 75.00)"),
        (formatting.with_interval(0.5, None), "50.00"),
        (formatting.failures(FAILURES), "25.0 (12.5 to 50.0)"),
        (formatting.failures(FAILURES | {"low": math.nan}), "1,000"),
        (formatting.failures(FAILURES | {"failure_rate": math.nan}), "–"),
        (formatting.paired_difference(DIFFERENCE), "+1.00 (−2.00 to +4.00)"),
        (formatting.listed(["a"]), "a"),
        (formatting.listed(["a", "b"], "or"), "a or b"),
        (formatting.listed(["a", "b", "c"]), "a, b and c"),
        (formatting.code("a|b"), r"`a\|b`"),
        (formatting.code("a``b"), "``` a``b ```"),
        (formatting.code(" a "), "`  a  `"),
        (formatting.code(" a"), "` a`"),
        (formatting.table("ab", ["xy"], left=2), "| a | b |\n| --- | --- |\n| x | y |"),
        (formatting.table("ab", []), "| a | b |\n| --- | ---: |"),
    ],
)
def test_formats(text: str, expected: str) -> None:
    assert text == expected


@pytest.mark.parametrize(
    ("name", "shown"),
    [("R&D é ≥ привет", "R&D é ≥ привет"), ("\u597d", "positive"), ("a \U0001f44d", "positive")],
)
def test_names_with_unknown_characters_are_replaced(name: str, shown: str) -> None:
    assert legible(name, "positive") == shown
