"""Values of settings as text that DVC, YAML and people read."""

import json
import re
from collections.abc import Mapping
from typing import Any

RESERVED = {"null", "true", "false", "nan", "inf"}
# Text that needs no quotes in YAML, and ranges.
PLAIN = re.compile(r"[^\W\d_][\w./ -]*(?<! )|\d+\.\.\d+")


def as_text(value: Any) -> str:
    """Return a setting in one line of YAML, which may be an item of a list."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # 0.0 and 0 are one setting
    if isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in RESERVED:
        return value
    # YAML does not join surrogates, as JSON has them in the place of emoji.
    text = json.dumps(value, ensure_ascii=False, default=str)
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)


def option(name: str, value: Any) -> str:
    """Return a setting and its value as `dvc exp run -S` reads it."""
    text = json.dumps(value, ensure_ascii=False)
    # In Hydra's grammar, which DVC uses, a backslash is an escape only before a quote.
    return f"{name}=" + re.sub(r'\\\\(?!")', r"\\", text)


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the settings that both have, with other values."""
    return [name for name in one if name in other and as_text(one[name]) != as_text(other[name])]
