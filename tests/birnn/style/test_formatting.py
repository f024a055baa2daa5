"""Test the formats of numbers."""

from typing import Any

import pytest

from birnn.style import formatting


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (3, "3"), (12_345, "12,345"), (0.5, "0.5000"), ([0.1, 0.25], "0.1000 to 0.2500")],
)
def test_scores(value: Any, text: str) -> None:
    assert formatting.score(value) == text


def test_differences_and_times() -> None:
    assert formatting.percent(0.81574) == "81.57%"
    assert (formatting.points(0.0016), formatting.points(-0.1)) == ("+0.16", "−10.00")
    assert (formatting.seconds(14.4), formatting.seconds(201)) == ("14 s", "3 min 21 s")


def test_means_over_seeds() -> None:
    spread = {"mean": 0.0018, "deviation": 0.0023, "low": -0.0191, "high": 0.0228}
    assert formatting.with_deviation(spread) == "0.0018 ± 0.0023"
    assert formatting.difference(spread) == "+0.18 (−1.91 to +2.28)"
    single = dict.fromkeys(spread, float("nan")) | {"mean": 0.5}
    assert formatting.with_deviation(single) == "0.5000"
    assert formatting.difference(single) == "+50.00 (too few seeds)"


def test_accuracies() -> None:
    measured = {"accuracy": 0.5, "low": 0.25, "high": 0.75}
    assert formatting.accuracy(measured) == "50.00 (25.00 to 75.00)"
    assert formatting.accuracy(dict.fromkeys(measured)) == "–"


def test_lists_end_with_a_word() -> None:
    assert formatting.listed(["a"]) == "a"
    assert formatting.listed(["a", "b"], "or") == "a or b"
    assert formatting.listed(["a", "b", "c"]) == "a, b and c"
