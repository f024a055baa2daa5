"""The names of the two classes."""

from collections.abc import Mapping
from typing import Any

Classes = tuple[str, str]
"""The names of the labels 0 and 1."""

CLASSES: Classes = ("negative", "positive")


def class_names(described: Mapping[str, Any]) -> Classes:
    """Return the names of the classes in a description of a corpus or of an encoding."""
    negative, positive = described.get("classes", CLASSES)
    return negative, positive


def describe_classes(classes: Classes) -> dict[str, Classes]:
    """Return the entry of a description, empty for names that are not the user's own."""
    return {} if classes == CLASSES else {"classes": classes}
