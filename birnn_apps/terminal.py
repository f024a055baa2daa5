"""Text in a terminal: missing characters, and what is not safe to print."""

import codecs
import io
import sys
from typing import Any

SIMILAR = str.maketrans("−–…", "--.")  # the others become question marks


def replace_missing_characters() -> None:
    """Let standard output replace characters that its encoding lacks, instead of failing."""
    codecs.register_error("similar", _replace)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="similar")


def _replace(error: Any) -> tuple[str, int]:
    text = error.object[error.start : error.end].translate(SIMILAR)
    return text.encode("ascii", "replace").decode(), error.end


def printable(text: str) -> str:
    """Replace non-printable characters, such as terminal escapes, with spaces."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def printable_lines(text: str) -> str:
    """Replace non-printable characters, except the ends of lines, with spaces."""
    return "\n".join(map(printable, text.split("\n")))
