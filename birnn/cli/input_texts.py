"""Texts that a user brings: as arguments, on standard input, or in files."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from birnn.core.errors import InputError
from birnn.corpora import tabular

STANDARD_INPUT = "standard input"

Text = tuple[str, str]
"""Where a text comes from, and what it says."""


def read(
    arguments: Sequence[str], files: Sequence[Path], column: str, *, whole: bool
) -> Iterator[Text]:
    """Yield the texts of the arguments, then those of the files; of standard input without either.

    Standard input and .txt files hold a text a line or, with `whole`, one text. The others are read
    by `tabular.read`, and have their texts in `column`.

    Raises:
        InputError: a file is missing, damaged, not UTF-8, or has no such column; or a text is too
            long.
    """
    for number, argument in enumerate(arguments, start=1):
        # Bytes that are not UTF-8 come as halves of surrogate pairs.
        yield f"argument {number}", argument.encode(errors="replace").decode()
    for file in files:
        if file.suffix.lower() == ".txt":
            if not file.is_file():
                raise InputError(f"{file} is missing, or no file")
            with file.open("rb") as content:
                yield from _plain(content, str(file), whole=whole)
        else:
            for place, row in tabular.read(file, [column]):
                yield place, _text(row.get(column), f"{place}, column {column!r}")
    if not arguments and not files:
        if sys.stdin.isatty():
            print("type a review a line, and end with Ctrl-D", file=sys.stderr)
        yield from _plain(sys.stdin.buffer, STANDARD_INPUT, whole=whole)


def printable(text: str) -> str:
    """Return a text fit for a terminal: without characters that move or colour what is shown."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _plain(content: IO[bytes], name: str, *, whole: bool) -> Iterator[Text]:
    if not whole:
        for number, line in tabular.lines(content, name):
            yield f"{name}, line {number}", line.rstrip("\r\n")
        return
    text = content.read(tabular.LARGEST_TEXT + 1)
    if len(text) > tabular.LARGEST_TEXT:
        raise InputError(f"{name} is longer than {tabular.LARGEST_TEXT:,} bytes: shorten it")
    try:
        yield name, text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name}, byte {error.start + 1} is not UTF-8: save it as UTF-8 text"
        ) from None


def _text(value: object, place: str) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    raise InputError(f"{place} is not text")
