"""Text in a terminal: missing characters, what is not safe to print, and a framed warning."""

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


def warn_if_fallback(name: str, requested: str) -> None:
    """Print a framed warning on standard error if the corpus is not the requested one."""
    if name == requested:
        return
    lines = [
        f"WARNING: {requested} could not be reached.",
        f"All results are from the fallback corpus {name}.",
        "To try the requested corpus again, connect to the network and run:",
        "dvc repro --force --single-item fetch && dvc repro",
    ]
    width = max(map(len, lines))
    rule = "!" * (width + 4)
    framed = [f"! {line:<{width}} !" for line in lines]
    print("\n".join(["", rule, *framed, rule, ""]), file=sys.stderr)


def _replace(error: Any) -> tuple[str, int]:
    text = error.object[error.start : error.end].translate(SIMILAR)
    return text.encode("ascii", "replace").decode(), error.end


def printable(text: str) -> str:
    """Replace non-printable characters, such as terminal escapes, with spaces."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def printable_lines(text: str) -> str:
    """Replace non-printable characters, except the ends of lines, with spaces."""
    return "\n".join(map(printable, text.split("\n")))
