"""Texts to predict: from arguments, standard input or files."""

import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from birnn.core.settings import load
from birnn.runtime.errors import InputError
from birnn.sources import tabular
from birnn.sources.settings import SourceSettings

SourceRow = tuple[str, Mapping[str, Any]]
"""The location of a row, for messages, and its values by column."""


class Text(NamedTuple):
    """The source of a text, as shown in messages, its content, and its row by column."""

    source: str
    content: str
    row: Mapping[str, Any]


def default_column() -> str:
    """Return the column of the texts in the settings."""
    return load(SourceSettings).csv.text_column


def read(arguments: Sequence[str], files: Sequence[Path], column: str) -> Iterator[Text]:
    """Yield the texts of the arguments and files, or of standard input if neither are given.

    Standard input and .txt files contain one text per line. Other files are read as the section
    `csv` of the settings says; their texts are in `column`.
    """
    for source, row in _all_rows(arguments, files, column):
        if column not in row:
            names = ", ".join(map(repr, row)) or "none"
            raise InputError(f"{source} has no column {column!r}, but {names}: choose by --column")
        if not isinstance(value := row[column], str | None):
            raise InputError(f"{source}, column {column!r} is not text: use a string")
        text = _replace_surrogates(value or "")
        yield Text(source, text, {**row, column: text})


def columns(files: Sequence[Path]) -> list[str]:
    """Return the columns of the tables among the files."""
    tables = (file for file in files if not _is_plain(file))
    return [*dict.fromkeys(name for file in tables for _, row in _table_rows(file) for name in row)]


def _all_rows(arguments: Sequence[str], files: Sequence[Path], column: str) -> Iterator[SourceRow]:
    for number, argument in enumerate(arguments, start=1):
        yield f"argument {number}", {column: argument}
    for file in files:
        if _is_plain(file):
            with file.open("rb") as content:
                yield from _plain_rows(content, str(file), column)
        else:
            yield from _table_rows(file)
    if not arguments and not files:
        if sys.stdin.isatty():
            print("reading standard input: press Ctrl-D to finish", file=sys.stderr)
        yield from _plain_rows(sys.stdin.buffer, "standard input", column)


def _table_rows(file: Path) -> Iterator[SourceRow]:
    """Yield the rows of a file as the settings say, and none of them empty."""
    form = load(SourceSettings).csv.model_copy(update={"unusable": "refuse"})
    try:
        for number, row in tabular.read(file, (), form):
            yield f"{file}, row {number}", row
    except tabular.TableError as error:
        advice = "change csv.delimiter, csv.encoding, csv.quoting or csv.columns in params.yaml"
        raise InputError(f"{error}: {advice}; birnn data check shows what fits a file") from error


def _plain_rows(content: IO[bytes], name: str, column: str) -> Iterator[SourceRow]:
    buffer = cast("io.BufferedReader", content)
    text = io.TextIOWrapper(buffer, "utf-8-sig", errors="surrogateescape", newline="\n")
    try:
        lines = tabular.number_items(tabular.lines(text), f"{name}, line")
        for number, line in lines:
            yield f"{name}, line {number}", {column: line.rstrip("\r\n")}
    finally:
        text.detach()  # else it would close standard input


def _is_plain(file: Path) -> bool:
    return file.suffix.lower() == ".txt"


def _replace_surrogates(text: str) -> str:
    """Replace lone surrogates, which are how Python decodes bytes that are not UTF-8."""
    return text.encode(errors="replace").decode()
