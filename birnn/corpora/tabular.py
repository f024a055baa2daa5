"""Rows of CSV, TSV, JSON Lines and Parquet files, one at a time, whatever the file holds.

A file of other people may be cut short, in another encoding, or made to fill the memory: each
mistake is named by file, line and column, and no more than LARGEST_TEXT of a text is held; of
Parquet, no more than LARGEST_BATCH and a page, which Arrow unpacks whole (2 GB at the most).
"""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from birnn.core.errors import InputError
from birnn.core.machine import BATCH_SIZE

LARGEST_TEXT = 20_000_000  # bytes
LARGEST_BATCH = 5 * LARGEST_TEXT

Row = tuple[str, dict[str, Any]]
"""Where a row stands, for messages, and its values by column."""


def read(file: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a file, by the ending of its name: .csv, .tsv, .jsonl or .parquet.

    Values of `columns` are as the file types them: of CSV, text. A key that an object of JSON Lines
    lacks has no value. Byte order marks and empty lines are skipped.

    Raises:
        InputError: the file is missing, of another kind, cut short, damaged or not UTF-8, a row
            has too few or too many columns, or a column is missing.
    """
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        raise InputError(f"{file} is none of {', '.join(READERS)}: convert it, or rename it")
    if not file.is_file():
        raise InputError(f"{file} is missing, or no file")
    yield from reader(file, columns)


def lines(file: IO[bytes], name: str) -> Iterator[tuple[int, str]]:
    """Yield each line of a UTF-8 text with its number; the line keeps its newline.

    Raises:
        InputError: a line is not UTF-8, holds a NUL byte, or is longer than LARGEST_TEXT.
    """
    number = 0
    while line := file.readline(LARGEST_TEXT + 1):
        number += 1
        place = f"{name}, line {number}"
        if len(line) > LARGEST_TEXT:
            raise InputError(f"{place} is longer than {LARGEST_TEXT:,} bytes: shorten or remove it")
        if b"\0" in line:
            column = line.index(b"\0") + 1
            raise InputError(f"{place}, byte {column} is a NUL byte: save the file as UTF-8 text")
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise InputError(
                f"{place}, byte {error.start + 1} is not UTF-8: save the file as UTF-8 text"
            ) from None
        yield number, text


def _csv(delimiter: str) -> Callable[[Path, Sequence[str]], Iterator[Row]]:
    def read_csv(file: Path, columns: Sequence[str]) -> Iterator[Row]:
        # The limit of the module, for all that it reads.
        csv.field_size_limit(LARGEST_TEXT)
        with file.open("rb") as content:
            reader = csv.reader(
                (line for _, line in lines(content, str(file))), delimiter=delimiter, strict=True
            )
            rows = _csv_rows(reader, file)
            header = next(rows, ("", []))[1]
            _require(columns, header, file)
            for place, row in rows:
                if len(row) != len(header):
                    raise InputError(
                        f"{place} has {len(row)} columns, the header {len(header)}: "
                        "mend the row, or quote the text"
                    )
                yield place, dict(zip(header, row, strict=True))

    return read_csv


def _csv_rows(reader: Any, file: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the rows that are not empty, each with the line that it begins on."""
    while True:
        place = f"{file}, line {reader.line_num + 1}"
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(
                f"{place} is no CSV ({error}): the file is cut short, or a quote is not closed"
            ) from None
        if row:
            yield place, row


def _json_lines(file: Path, columns: Sequence[str]) -> Iterator[Row]:
    with file.open("rb") as content:
        for number, line in lines(content, str(file)):
            if line.isspace():
                continue
            place = f"{file}, line {number}"
            try:
                row = json.loads(line.rstrip())
            except json.JSONDecodeError as error:
                raise InputError(
                    f"{place}, column {error.colno} is no JSON ({error.msg}): "
                    "the file is cut short, or not one object a line"
                ) from None
            except (ValueError, RecursionError) as error:
                raise InputError(f"{place} is no JSON that can be read ({error})") from None
            if not isinstance(row, dict):
                raise InputError(f'{place} is not an object, as {{"{columns[0]}": ...}}')
            for name in columns:
                _refuse_surrogates(row.get(name), f"{place}, column {name!r}")
            yield place, row


def _refuse_surrogates(value: Any, place: str) -> None:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InputError(
                f"{place} holds half of a surrogate pair, which is no text: remove it"
            ) from None


def _parquet(file: Path, columns: Sequence[str]) -> Iterator[Row]:
    try:
        _require(columns, pq.read_schema(file).names, file)
        start = 1
        for batch in _batches(file, columns):
            values = [_values(batch[name], f"{file}, column {name!r}") for name in columns]
            for number, row in enumerate(zip(*values, strict=True), start):
                yield f"{file}, row {number}", dict(zip(columns, row, strict=True))
            start += len(batch)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{file} is cut short or no Parquet file ({reason})") from None


def _batches(file: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield batches of rows that take no more memory than a few of the largest texts.

    One row group at a time: Arrow's own iteration keeps something of each until the last is read.
    In a small one, which could hold a long text many times, a repeated text stays one in memory;
    in a large one Arrow would so keep every text until its end.
    """
    with (
        pq.ParquetFile(file) as content,
        pq.ParquetFile(file, read_dictionary=list(columns)) as with_repeated,
    ):
        for place in range(content.num_row_groups):
            group = content.metadata.row_group(place)
            row_size = group.total_byte_size / max(group.num_rows, 1)
            rows = max(1, min(BATCH_SIZE, int(LARGEST_BATCH / max(row_size, 1))))
            reader = with_repeated if group.total_byte_size <= LARGEST_BATCH else content
            yield from reader.iter_batches(rows, row_groups=[place], columns=list(columns))


def _values(column: pa.Array, place: str) -> Iterator[Any]:
    if not pa.types.is_dictionary(column.type):
        _refuse_long(column, place)
        yield from column.to_pylist()
        return
    # Only those of this batch: the dictionary has all of the row group so far.
    indices = column.indices.unique().drop_null()
    different = column.dictionary.take(indices)
    _refuse_long(different, place)
    by_index = dict(zip(indices.to_pylist(), different.to_pylist(), strict=True))
    yield from map(by_index.get, column.indices.to_pylist())


def _refuse_long(values: pa.Array, place: str) -> None:
    is_text = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
    if is_text and (pc.max(pc.binary_length(values)).as_py() or 0) > LARGEST_TEXT:
        raise InputError(f"{place} has a text longer than {LARGEST_TEXT:,} bytes: shorten it")


def _require(columns: Sequence[str], header: Sequence[str], file: Path) -> None:
    for name in columns:
        if header.count(name) != 1:
            raise InputError(
                f"{file} has {header.count(name)} columns {name!r}; there are: "
                f"{', '.join(header) or 'none'}"
            )


READERS: dict[str, Callable[[Path, Sequence[str]], Iterator[Row]]] = {
    ".csv": _csv(","),
    ".tsv": _csv("\t"),
    ".jsonl": _json_lines,
    ".parquet": _parquet,
}
