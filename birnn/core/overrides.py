"""Values of settings, as `dvc exp run -S` reads them."""

import re
from typing import Any


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
