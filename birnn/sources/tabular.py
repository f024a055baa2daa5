"""Read CSV, TSV, JSON Lines and Parquet files exactly as the settings describe them."""

import codecs
import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TextIO, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from birnn.reviews import corpus_reader
from birnn.runtime.errors import InputError
from birnn.sources.settings import TableFormat

LARGEST_LINE = 20_000_000  # characters of a line or of a CSV field
DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}  # if the settings name none
SURROGATE = re.compile("[\ud800-\udfff]")  # UTF-8 cannot encode it
UNREADABLE = (csv.Error, pa.ArrowException, OSError, ValueError, ArithmeticError, RecursionError)

Item = TypeVar("Item")
Row = dict[str, Any]


class TableError(InputError):
    """A file whose content does not fit the settings."""


def read(file: Path, columns: Sequence[str], form: TableFormat) -> Iterator[tuple[int, Row]]:
    """Yield the rows of a file with their numbers, from 1.

    Values have the types of the file; in CSV and TSV they are text. Rows may have more than the
    `columns`; without them, they have all, and of those with the same name the last. CSV rows that
    are longer or shorter than the header are empty if unusable rows are skipped.
    """
    if not file.is_file():
        raise InputError(f"{file} does not exist or is not a file: check the path")
    if extension(file) not in READERS:
        raise InputError(f"{file} has an unsupported extension: use one of {', '.join(READERS)}")
    return number_items(READERS[extension(file)](file, columns, form), f"{file}, row")


def extension(file: Path) -> str:
    """Return the extension that names the format, in lowercase."""
    return Path(re.sub(r"\.(gz|bz2|zst)$", "", file.name.lower())).suffix


def number_items(items: Iterable[Item], source: str) -> Iterator[tuple[int, Item]]:
    """Yield rows or lines with their numbers, from 1, which errors name after the `source`."""
    number = 0
    try:
        for number, item in enumerate(items, start=1):  # the error names it
            yield number, item
    except UNREADABLE as error:
        reason = " ".join(str(getattr(error, "msg", error)).split())
        raise TableError(f"{source} {number + 1} cannot be read ({reason})") from error


def open_text(file: Path, encoding: str) -> TextIO:
    """Open a file for `lines`, decompressed if its extension says so."""
    name = "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
    # Invalid bytes become surrogates, which `lines` finds.
    return io.TextIOWrapper(pa.input_stream(file), name, errors="surrogateescape", newline="")


def lines(text: TextIO) -> Iterator[str]:
    """Yield the lines, including the newline; raise ValueError for one that is not text."""
    while line := text.readline(LARGEST_LINE + 1):
        if len(line) > LARGEST_LINE:
            raise ValueError(f"a line is longer than {LARGEST_LINE:,} characters")
        if "\0" in line:
            raise ValueError("it has a NUL byte")
        if not line.isascii() and SURROGATE.search(line):
            raise ValueError(f"it is not {text.encoding.removesuffix('-sig').upper()}")
        yield line


def require_columns(columns: Iterable[str], header: Sequence[str], file: Path) -> None:
    """Check that each of the columns occurs once in the header of a file."""
    for name in columns:
        if header.count(name) != 1:
            names = ", ".join(map(repr, header))[:200] or "none"
            count = f"{header.count(name)} columns" if name in header else "no column"
            raise TableError(f"{file} has {count} {name!r}; its columns are {names}")


def csv_rows(text: TextIO, delimiter: str, quoting: str) -> Iterator[list[str]]:
    """Yield the rows of a CSV file that are not empty, the header first; see `csv.quoting`."""
    csv.field_size_limit(LARGEST_LINE)  # for all readers
    mode: Literal[0, 3] = csv.QUOTE_NONE if quoting == "none" else csv.QUOTE_MINIMAL
    mark = "'" if quoting == "single" else '"'
    # pandas fills rows that are too short, and Arrow accepts a quote that is never closed.
    reader = csv.reader(lines(text), delimiter=delimiter, quotechar=mark, quoting=mode, strict=True)
    return filter(None, reader)


def _read_csv(file: Path, columns: Sequence[str], form: TableFormat) -> Iterator[Row]:
    with open_text(file, form.encoding) as text:
        rows = csv_rows(text, form.delimiter or DELIMITERS[extension(file)], form.quoting)
        header = form.columns or next(rows, [])
        require_columns(columns, header, file)
        for row in rows:
            if len(row) == len(header):
                yield dict(zip(header, row, strict=True))
            elif form.unusable == "skip":
                yield {}
            else:
                raise ValueError(f"it has {len(row)} columns, but the header has {len(header)}")


def _read_json_lines(file: Path, _columns: Sequence[str], form: TableFormat) -> Iterator[Row]:
    with open_text(file, form.encoding) as text:
        for line in filter(str.strip, lines(text)):
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError("it is not a JSON object")  # noqa: TRY004  # of the file
            yield row


def _read_parquet(file: Path, columns: Sequence[str], _form: TableFormat) -> Iterator[Row]:
    names = pq.read_schema(file).names
    require_columns(columns, names, file)
    for batch in corpus_reader.batches(file, list(columns or names)):
        yield from batch.to_pylist()


READERS: dict[str, Callable[[Path, Sequence[str], TableFormat], Iterator[Row]]] = {
    **dict.fromkeys(DELIMITERS, _read_csv),
    ".jsonl": _read_json_lines,
    ".parquet": _read_parquet,
}
