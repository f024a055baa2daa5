"""Changes of settings, as `dvc exp run -S` reads them."""

import re
from collections.abc import Mapping
from typing import Any

from birnn.core.errors import InputError


def literal(value: Any) -> str:
    """Return a value as the text that DVC reads as this value."""
    if isinstance(value, list):
        return f"[{','.join(map(literal, value))}]"
    if value is None:
        return "null"
    if not isinstance(value, str) or re.fullmatch(r"[A-Za-z][\w.-]*", value):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def split(option: str) -> tuple[str, str]:
    """Return the setting and the text of its value in an option such as `train.epochs=3`.

    Raises:
        InputError: the option is malformed.
    """
    key, equals, text = option.partition("=")
    if not (equals and text and key.count(".") == 1):
        raise InputError(
            f"{option!r} is not a setting with values, such as train.epochs=3,5 or train.seed=0..9"
        )
    return key, text


def apply(changes: Mapping[str, Any], params: dict[str, Any]) -> None:
    """Change values in the content of `params.yaml`, by full name such as `train.seed`."""
    for key, value in changes.items():
        section, name = key.split(".")
        params.setdefault(section, {})[name] = value
