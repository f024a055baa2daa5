"""Texts to predict: from arguments, standard input or files."""

import codecs
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, NamedTuple

import pandas as pd

from birnn.core.errors import InputError
from birnn.corpora import tabular

STANDARD_INPUT = "standard input"


class Text(NamedTuple):
    """A text to predict.

    Attributes:
        source: its source, as shown in messages.
        content: the text.
        row: the row of the table that contains it, by column.
    """

    source: str
    content: str
    row: Mapping[str, Any] = MappingProxyType({})


def read(
    arguments: Sequence[str],
    files: Sequence[Path],
    column: str,
    *,
    whole: bool,
    others: bool = False,
) -> Iterator[Text]:
    """Yield the texts of the arguments and files, or of standard input if neither are given.

    Standard input and .txt files contain one text per line or, with `whole`, a single text. Other
    files are read with `tabular.read`; their texts are in `column`, and `others` reads all columns.
    A line or single text that is too long is cut, with a warning.

    Raises:
        InputError: a file is missing, damaged or not UTF-8, or has no such column.
    """
    for number, argument in enumerate(arguments, start=1):
        # Python decodes bytes that are not UTF-8 as lone surrogates; replace them.
        yield Text(f"argument {number}", argument.encode(errors="replace").decode())
    for file in files:
        if _is_plain(file):
            if not file.is_file():
                raise InputError(f"{file} does not exist or is not a file: check the path")
            with file.open("rb") as content:
                yield from _plain(content, str(file), whole=whole)
        else:
            for source, row in tabular.read(file, [column], others=others):
                yield Text(
                    source, _check_text(row.get(column), f"{source}, column {column!r}"), row
                )
    if not arguments and not files:
        if sys.stdin.isatty():
            print("reading standard input: press Ctrl-D to finish", file=sys.stderr)
        yield from _plain(sys.stdin.buffer, STANDARD_INPUT, whole=whole)


def columns(files: Sequence[Path], column: str) -> list[str]:
    """Return the columns of the tables among the files, of which `column` contains the texts.

    Raises:
        InputError: as `read`.
    """
    tables = [file for file in files if not _is_plain(file)]
    rows = (row for file in tables for _, row in tabular.read(file, [column], others=True))
    names = dict.fromkeys(name for row in rows for name in row)
    return [*names | {column: None}] if tables else []


def after_columns(
    predicted: pd.DataFrame, texts: Sequence[Text], names: Sequence[str], column: str
) -> pd.DataFrame:
    """Return the columns of the tables as text, followed by those of the predictions.

    The text is only in `column`. A column of the predictions whose name is taken gets a prefix.
    Without tables, the predictions are returned.
    """
    if not names:
        return predicted
    rows = [{**text.row, column: text.content} for text in texts]
    table = {
        name: pd.Series([_as_text(row.get(name)) for row in rows], dtype="str") for name in names
    }
    for name in predicted.columns.drop("text"):
        free = name
        while free in table:
            free = f"predicted_{free}"
        table[free] = predicted[name]
    return pd.DataFrame(table)


def _is_plain(file: Path) -> bool:
    return file.suffix.lower() == ".txt"


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def printable(text: str) -> str:
    """Replace non-printable characters, such as terminal escapes, with spaces."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _plain(content: IO[bytes], name: str, *, whole: bool) -> Iterator[Text]:
    if not whole:
        for number, line in tabular.lines(content, name, cut=True):
            yield Text(f"{name}, line {number}", line.rstrip("\r\n"))
        return
    text = content.read(tabular.LARGEST_TEXT)
    if is_cut := bool(content.read(1)):
        limit = f"{tabular.LARGEST_TEXT:,} bytes"
        print(f"warning: {name} is longer than {limit}, and is cut", file=sys.stderr)
    try:
        # The end may cut a character.
        yield Text(name, codecs.getincrementaldecoder("utf-8-sig")().decode(text, not is_cut))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name}, byte {error.start + 1} is not UTF-8: save it as UTF-8 text"
        ) from None


def _check_text(value: object, source: str) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    raise InputError(f"{source} is not text: use a string")
