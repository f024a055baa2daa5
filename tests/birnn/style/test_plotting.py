"""The font of the figures has the characters that they show."""

import pytest

from birnn.style.plotting import legible


@pytest.mark.parametrize(
    ("name", "shown"),
    [("R&D é ≥ привет", "R&D é ≥ привет"), ("\u597d", "positive"), ("a \U0001f44d", "positive")],
)
def test_names_with_unknown_characters_are_replaced(name: str, shown: str) -> None:
    assert legible(name, "positive") == shown
