"""Texts to predict: from arguments, standard input or files."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from birnn.core.errors import InputError
from birnn.corpora import tabular

STANDARD_INPUT = "standard input"

Text = tuple[str, str]
"""The source of a text, as shown in messages, and its content."""


def read(
    arguments: Sequence[str], files: Sequence[Path], column: str, *, whole: bool
) -> Iterator[Text]:
    """Yield the texts of the arguments and files, or of standard input if neither are given.

    Standard input and .txt files contain one text per line or, with `whole`, a single text. Other
    files are read with `tabular.read`; their texts are in `column`.

    Raises:
        InputError: a file is missing, damaged or not UTF-8, a file has no such column, or a text is
            too long.
    """
    for number, argument in enumerate(arguments, start=1):
        # Python decodes bytes that are not UTF-8 as lone surrogates; replace them.
        yield f"argument {number}", argument.encode(errors="replace").decode()
    for file in files:
        if file.suffix.lower() == ".txt":
            if not file.is_file():
                raise InputError(f"{file} does not exist or is not a file: check the path")
            with file.open("rb") as content:
                yield from _plain(content, str(file), whole=whole)
        else:
            for source, row in tabular.read(file, [column]):
                yield source, _check_text(row.get(column), f"{source}, column {column!r}")
    if not arguments and not files:
        if sys.stdin.isatty():
            print("reading standard input: press Ctrl-D to finish", file=sys.stderr)
        yield from _plain(sys.stdin.buffer, STANDARD_INPUT, whole=whole)


def printable(text: str) -> str:
    """Replace non-printable characters, such as terminal escapes, with spaces."""
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


def _check_text(value: object, source: str) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    raise InputError(f"{source} is not text: use a string")
