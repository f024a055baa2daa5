"""Values of settings as text that commands read."""

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from birnn.core.errors import InputError
from birnn.core.yaml_files import YAMLError, parse_yaml

RESERVED = {"null", "true", "false", "nan", "inf"}


def parse_values(text: str) -> list[Any]:
    """Return the values of an option, such as `3,5`, which are YAML.

    Raises:
        InputError: they are not.
    """
    try:
        values: list[Any] = parse_yaml(f"[{text}]")
    except YAMLError as error:
        raise InputError(
            f"{text} is not YAML: put text with special characters in quotes, such as '\">0\"'"
        ) from error
    return values


def as_text(value: Any) -> str:
    """Return a setting in one line of YAML, such that `parse_values` returns it."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # 0.0 and 0 are one setting
    is_plain = isinstance(value, str) and _is_plain(value)
    return value if is_plain else json.dumps(value, default=str)


@cache
def _is_plain(text: str) -> bool:
    """Return whether a text needs no quotes."""
    try:
        return text.isprintable() and parse_values(text) == [text]
    except InputError:
        return False


def literal(value: Any) -> str:
    """Return a value as the text that DVC reads as this value."""
    if isinstance(value, list):
        return f"[{','.join(map(literal, value))}]"
    if value is None:
        return "null"
    # Hydra reads other words and letters as something else, or refuses them.
    is_word = isinstance(value, str) and re.fullmatch(r"[A-Za-z][\w.-]*", value, re.ASCII)
    if not isinstance(value, str) or (is_word and value.lower() not in RESERVED):
        return str(value)
    # Double quotes around an apostrophe, because YAML, which `birnn data check` reads, has no \'.
    quote = '"' if "'" in value and '"' not in value else "'"
    escaped = value.replace("\\", "\\\\").replace(quote, f"\\{quote}")
    return f"{quote}{escaped}{quote}"


def command(name: str, options: Mapping[str, Iterable[str]]) -> str:
    """Return a command with options, each of which may have several values, for the shell."""
    pairs = ((option, value) for option, values in options.items() for value in values)
    return shlex.join([*name.split(), *(part for pair in pairs for part in pair)])


def option(name: str, value: Any) -> str:
    """Return a setting and its value for the option -S, quoted for the shell."""
    text = f"{name}={literal(value)}"
    # Double quotes are easier to read around single ones.
    if "'" in text and not re.search(r'["$`\\!]', text):
        return f'"{text}"'
    return shlex.quote(text)
