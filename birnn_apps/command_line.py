"""Values of settings as text that commands read."""

import re
import shlex
from typing import Any

RESERVED = {"null", "true", "false", "nan", "inf"}


def literal(value: Any) -> str:
    """Return a value as the text that DVC reads as this value."""
    if isinstance(value, list):
        return f"[{','.join(map(literal, value))}]"
    if not isinstance(value, str):
        return "null" if value is None else str(value)
    # Hydra reads other words and letters as something else, or refuses them.
    if re.fullmatch(r"[A-Za-z][\w.-]*", value, re.ASCII) and value.lower() not in RESERVED:
        return value
    # Double quotes around an apostrophe, because YAML, which `birnn data check` reads, has no \'.
    quote = '"' if "'" in value and '"' not in value else "'"
    # Hydra reads a backslash as an escape only before a quote and at the end.
    doubled = re.sub(rf"(\\+)(?={quote}|\Z)", r"\1\1", value)
    escaped = doubled.replace(quote, f"\\{quote}")
    return f"{quote}{escaped}{quote}"


def option(name: str, value: Any) -> str:
    """Return a setting and its value for the option -S, quoted for the shell."""
    text = f"{name}={literal(value)}"
    # Double quotes are easier to read around single ones.
    if "'" in text and not re.search(r'["$`\\!]', text):
        return f'"{text}"'
    return shlex.quote(text)
