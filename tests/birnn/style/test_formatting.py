"""Test the formats of numbers."""

from birnn.style import formatting


def test_differences_and_times() -> None:
    assert formatting.percent(0.81574) == "81.57%"
    assert (formatting.points(0.0016), formatting.points(-0.1)) == ("+0.16", "−10.00")
    assert (formatting.seconds(14.4), formatting.seconds(201)) == ("14 s", "3 min 21 s")


def test_proportions_with_intervals() -> None:
    assert formatting.with_interval(0.5, [0.25, 0.75]) == "50.00 (25.00 to 75.00)"
    assert formatting.with_interval(0.5, None) == "50.00"


def test_tables_align_texts_to_the_left() -> None:
    text = "| a | b | c |\n| --- | --- | ---: |\n| x | y | 1 |"
    assert formatting.table(["a", "b", "c"], [["x", "y", "1"]], left=2) == text


def test_lists_end_with_a_word() -> None:
    assert formatting.listed(["a"]) == "a"
    assert formatting.listed(["a", "b"], "or") == "a or b"
    assert formatting.listed(["a", "b", "c"]) == "a, b and c"
