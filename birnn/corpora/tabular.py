"""Read CSV, TSV, JSON Lines and Parquet files one row at a time, and refuse invalid files.

A file may be truncated, in another encoding, or made to exhaust memory. Error messages name the
file, line and column. At most LARGEST_TEXT bytes of a text are in memory; for Parquet, at most
LARGEST_BATCH bytes and one page, which Arrow decompresses whole (up to 2 GB).
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
"""The location of a row, for error messages, and its values by column."""


def read(file: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a .csv, .tsv, .jsonl or .parquet file; the suffix determines the format.

    Values have the types of the file; in CSV and TSV they are text. A JSON object may lack
    keys; its row then lacks them too. Byte order marks and empty lines are skipped.

    Raises:
        InputError: the file is missing, of another format, truncated, damaged or not UTF-8, a row
            has too few or too many columns, or a column is missing.
    """
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        raise InputError(f"{file} has an unsupported extension: use one of {', '.join(READERS)}")
    if not file.is_file():
        raise InputError(f"{file} does not exist or is not a file: check the path")
    yield from reader(file, columns)


def lines(file: IO[bytes], name: str) -> Iterator[tuple[int, str]]:
    """Yield the number and text of each line of a UTF-8 file, including the newline.

    Raises:
        InputError: a line is not UTF-8, contains a NUL byte, or is longer than LARGEST_TEXT.
    """
    number = 0
    while line := file.readline(LARGEST_TEXT + 1):
        number += 1
        location = f"{name}, line {number}"
        if len(line) > LARGEST_TEXT:
            raise InputError(
                f"{location} is longer than {LARGEST_TEXT:,} bytes: shorten or remove it"
            )
        if b"\0" in line:
            byte = line.index(b"\0") + 1
            raise InputError(f"{location}, byte {byte} is a NUL byte: save the file as UTF-8 text")
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise InputError(
                f"{location}, byte {error.start + 1} is not UTF-8: save the file as UTF-8 text"
            ) from None
        yield number, text


def _csv(delimiter: str) -> Callable[[Path, Sequence[str]], Iterator[Row]]:
    def read_csv(file: Path, columns: Sequence[str]) -> Iterator[Row]:
        # This is a global limit of the csv module.
        csv.field_size_limit(LARGEST_TEXT)
        with file.open("rb") as content:
            reader = csv.reader(
                (line for _, line in lines(content, str(file))), delimiter=delimiter, strict=True
            )
            rows = _csv_rows(reader, file)
            header = next(rows, ("", []))[1]
            _require(columns, header, file)
            for location, row in rows:
                if len(row) != len(header):
                    raise InputError(
                        f"{location}: expected {len(header)} columns, found {len(row)}; "
                        "fix the row, or quote the text"
                    )
                yield location, dict(zip(header, row, strict=True))

    return read_csv


def _csv_rows(reader: Any, file: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the rows that are not empty, each with the line it starts on."""
    while True:
        location = f"{file}, line {reader.line_num + 1}"
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(
                f"{location} is not valid CSV ({error}): the file is truncated, or a quote is not "
                "closed: close it, or save the file again"
            ) from None
        if row:
            yield location, row


def _json_lines(file: Path, columns: Sequence[str]) -> Iterator[Row]:
    with file.open("rb") as content:
        for number, line in lines(content, str(file)):
            if line.isspace():
                continue
            location = f"{file}, line {number}"
            try:
                row = json.loads(line.rstrip())
            except json.JSONDecodeError as error:
                raise InputError(
                    f"{location}, column {error.colno} is not valid JSON ({error.msg}): "
                    "the file is truncated, or does not have one object per line: save it again"
                ) from None
            except (ValueError, RecursionError) as error:
                raise InputError(f"{location} cannot be read as JSON ({error}): fix it") from None
            if not isinstance(row, dict):
                raise InputError(
                    f'{location} is not an object such as {{"{columns[0]}": ...}}: fix it'
                )
            for name in columns:
                _refuse_surrogates(row.get(name), f"{location}, column {name!r}")
            yield location, row


def _refuse_surrogates(value: Any, location: str) -> None:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InputError(
                f"{location} has a lone surrogate, which UTF-8 cannot encode: remove it"
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
        raise InputError(
            f"{file} is truncated or not a Parquet file ({reason}): save it again"
        ) from None


def _batches(file: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield batches of rows that take no more memory than a few of the largest texts.

    Row groups are read one at a time, because Arrow's own iteration over all of them holds on to
    some memory of each until the end. A small row group may repeat a long text many times, so it
    is read as a dictionary, which stores each text once. In a large row group, a dictionary would
    hold every text until the end.
    """
    with (
        pq.ParquetFile(file) as plain,
        pq.ParquetFile(file, read_dictionary=list(columns)) as dictionary,
    ):
        for number in range(plain.num_row_groups):
            group = plain.metadata.row_group(number)
            row_size = group.total_byte_size / max(group.num_rows, 1)
            rows = max(1, min(BATCH_SIZE, int(LARGEST_BATCH / max(row_size, 1))))
            reader = dictionary if group.total_byte_size <= LARGEST_BATCH else plain
            yield from reader.iter_batches(rows, row_groups=[number], columns=list(columns))


def _values(column: pa.Array, location: str) -> Iterator[Any]:
    if not pa.types.is_dictionary(column.type):
        _refuse_long(column, location)
        yield from column.to_pylist()
        return
    # Only the values of this batch: the dictionary holds every value of the row group so far.
    indices = column.indices.unique().drop_null()
    values = column.dictionary.take(indices)
    _refuse_long(values, location)
    by_index = dict(zip(indices.to_pylist(), values.to_pylist(), strict=True))
    yield from map(by_index.get, column.indices.to_pylist())


def _refuse_long(values: pa.Array, location: str) -> None:
    is_text = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
    if is_text and (pc.max(pc.binary_length(values)).as_py() or 0) > LARGEST_TEXT:
        raise InputError(f"{location} has a text longer than {LARGEST_TEXT:,} bytes: shorten it")


def _require(columns: Sequence[str], header: Sequence[str], file: Path) -> None:
    for name in columns:
        if header.count(name) != 1:
            count = f"{header.count(name)} columns" if name in header else "no column"
            raise InputError(
                f"{file} has {count} {name!r}. Its columns are: {', '.join(header) or 'none'}. "
                "Check the column name and the delimiter: a comma in .csv, a tab in .tsv"
            )


READERS: dict[str, Callable[[Path, Sequence[str]], Iterator[Row]]] = {
    ".csv": _csv(","),
    ".tsv": _csv("\t"),
    ".jsonl": _json_lines,
    ".parquet": _parquet,
}
