"""Read CSV, TSV, JSON Lines and Parquet files one row at a time, and refuse invalid files.

A file may be truncated, in another encoding, or have a line that does not fit in memory. Error
messages name the file, line and column.
"""

import codecs
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import shorten
from typing import IO, Any, cast

import charset_normalizer
import pyarrow as pa
import pyarrow.parquet as pq

from birnn.reviews import corpus_reader
from birnn.runtime.errors import InputError
from birnn.sources.settings import label_key

LARGEST_TEXT = 20_000_000  # characters of a line or of a CSV field
SAMPLE = 1_000_000  # bytes, and the rest of the line, from which the encoding is detected
COUNTED = 1_000  # different values of a column, and characters of a value
SAMPLE_LINES = 20  # from which the delimiter is detected

AUTO = "auto"
MINIMAL, NONE = "minimal", "none"
NESTED = "has keys, which are not read: flatten them, as pandas.json_normalize does"
UTF_8 = "utf-8"
LATIN = ["cp1252", "cp1250"]
OTHER_SCRIPTS = ["cp1251", "koi8_r", "cp1253", "cp932", "gb18030", "big5", "cp949"]
ENCODING_ADVICE = "save the file as UTF-8 text, or, to train on it, set csv.encoding"

DELIMITERS = {".csv": ",;\t|", ".tsv": "\t,;|", ".tab": "\t,;|"}  # the most likely one first

COMPRESSED = (".gz", ".bz2", ".zst")
ADVICE = {
    ".xlsx": "save the sheet as CSV UTF-8",
    ".xls": "save the sheet as CSV UTF-8",
    ".ods": "save the sheet as CSV",
    ".zip": "unpack it",
    ".json": "rename it to .jsonl if it has one object per line; pandas writes such a file with "
    "to_json(orient='records', lines=True)",
    ".ndjson": "rename it to .jsonl",
    ".txt": "write the texts to a .csv file, one row per text; rename it to .csv if it is a table",
}

Row = tuple[str, dict[str, Any]]
"""The location of a row, for error messages, and its values by column."""


@dataclass(frozen=True)
class Format:
    """The encoding of a text file and the layout of a CSV or TSV file; `auto` detects a value.

    With the quoting `none`, quotes are part of the text. A file without a header has `columns`. A
    row of another length than the header is an error, or lacks all columns if `skip_ragged`.
    """

    encoding: str = AUTO
    delimiter: str = AUTO
    quoting: str = MINIMAL
    columns: tuple[str, ...] = ()
    skip_ragged: bool = False


AUTOMATIC = Format()


def read(file: Path, columns: Sequence[str], given: Format = AUTOMATIC) -> Iterator[Row]:
    """Yield the rows of a file, whose format the suffix determines (see READERS).

    Values have the types of the file; in CSV and TSV they are text. A JSON object may lack
    keys; its row then lacks them too. Byte order marks and empty lines are skipped. Without
    `columns`, rows have all columns.
    """
    reader = READERS[_suffix(file)]
    yield from reader(file, columns, detect(file, columns, given))


def detect(file: Path, columns: Sequence[str], given: Format = AUTOMATIC) -> Format:
    """Return the encoding and delimiter of a file, detected where `given` does not set them.

    The delimiter is the one with which the header has most of the `columns`; of several, the one
    with which most of the first rows are as long as the header.
    """
    suffix = _suffix(file)
    if suffix == ".parquet":
        return AUTOMATIC
    if given.encoding == AUTO:
        given = replace(given, encoding=_detect_encoding(file))
    if given.delimiter == AUTO and suffix in DELIMITERS:
        delimiter = _detect_delimiter(file, columns, given, DELIMITERS[suffix])
        given = replace(given, delimiter=delimiter)
    return given


def quotes_swallow_lines(file: Path, form: Format) -> bool:
    """Return whether a file has more rows if quotes are part of the text.

    With commas, which a quoted text may contain, the answer is no.
    """
    if form.quoting == NONE or detect(file, (), form).delimiter in {",", AUTO}:
        return False
    counts = {MINIMAL: 0, NONE: 0}
    for quoting in counts:
        variant = replace(form, quoting=quoting, skip_ragged=True)
        with suppress(InputError):
            counts[quoting] = sum(bool(row) for _, row in read(file, (), variant))
    return counts[NONE] > counts[MINIMAL]


def count_values(files: Sequence[Path], given: Format) -> dict[str, Counter[str]]:
    """Count the rows of files with each value of each column, up to COUNTED different ones.

    Missing values and ragged rows are left out, and spellings of the same label are one value.
    """
    given = replace(given, skip_ragged=True)
    columns: dict[str, Counter[str]] = {}
    spellings: dict[tuple[str, str], str] = {}
    for row in (row for file in files for _, row in read(file, (), given)):
        for name, value in row.items():
            title = f"{name} ({NESTED})" if isinstance(value, dict) else name
            values = columns.setdefault(title, Counter())
            if len(values) < COUNTED and not isinstance(value, bytes | dict | list | None):
                text = str(value).strip()[:COUNTED]
                if (key := label_key(text)) not in {"", "nan"}:
                    values[spellings.setdefault((name, key), text)] += 1
    if not columns:
        raise InputError(f"{files[0]} has no rows: add labelled texts")
    return columns


def _suffix(file: Path) -> str:
    """Return the suffix that names the format, in lowercase."""
    suffix = file.suffix.lower()
    if suffix in COMPRESSED and (inner := Path(file.stem).suffix.lower()) != ".parquet":
        suffix = inner
    if not file.is_file():
        raise InputError(f"{file} does not exist or is not a file: check the path")
    if suffix not in READERS:
        advice = ADVICE.get(suffix, f"use one of {', '.join(READERS)}")
        raise InputError(f"{file} has an unsupported extension: {advice}")
    return suffix


@contextmanager
def _open(file: Path) -> Iterator[IO[bytes]]:
    """Open a file, decompressed if its extension is one of COMPRESSED."""
    if file.suffix.lower() not in COMPRESSED:
        with file.open("rb") as content:
            yield content
        return
    try:
        with pa.input_stream(file, compression=pa.Codec.detect(file.name.lower()).name) as stream:
            yield io.BufferedReader(stream)
    except OSError as error:
        raise InputError(
            f"{file} is truncated or not compressed as {file.suffix} ({error}): save it again"
        ) from None


def _detect_encoding(file: Path) -> str:
    """Return the encoding of a file: by its byte order mark, UTF-8, or a guess.

    The first part with non-ASCII letters decides; it ends with a line, so that no character is cut.
    A few invalid bytes in UTF-8 are damage, so they do not make it another encoding.
    """
    with _open(file) as content:
        sample = content.read(SAMPLE) + content.readline(SAMPLE)
        while sample.isascii() and (more := content.read(SAMPLE)):
            sample = more + content.readline(SAMPLE)
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    text = sample.decode(UTF_8, "surrogateescape")
    invalid = len(re.findall("[\udc80-\udcff]", text))
    if invalid <= len(re.findall("[^\0-\x7f\udc80-\udcff]", text)) or b"\0" in sample:
        return UTF_8
    lines = b"".join(line for line in sample.splitlines(keepends=True) if not line.isascii())
    letters = len(re.findall(rb"[A-Za-z]", lines))
    candidates = LATIN if invalid < letters / 2 else OTHER_SCRIPTS
    matches = charset_normalizer.from_bytes(lines, cp_isolation=candidates)
    plausible = [name for match in matches for name in match.could_be_from_charset]
    # Prefer the first, because charset_normalizer does not know that it is far more common.
    return next((name for name in candidates[:1] if name in plausible), (plausible or [UTF_8])[0])


def _detect_delimiter(file: Path, columns: Sequence[str], form: Format, candidates: str) -> str:
    with _open(file) as content:
        sample = content.read(SAMPLE).decode(form.encoding, "replace")
    sample = sample.replace("\r", "\n").lstrip("\ufeff\n")
    if declared := re.match(r"sep=([,;\t|])\n", sample):  # by Excel
        return declared[1]
    first_lines = sample.split("\n", SAMPLE_LINES)[:SAMPLE_LINES]

    def fit(delimiter: str) -> tuple[int, int, int]:
        reader = _csv_reader(first_lines, replace(form, delimiter=delimiter), strict=False)
        names = [list(form.columns)] if form.columns else []
        header, *rows = [*names, *(row for row in reader if row)] or [[]]
        same_length = sum(len(row) == len(header) for row in rows) if len(header) > 1 else 0
        return sum(column in header for column in columns), same_length, len(header)

    return max(candidates, key=fit)


def lines(file: IO[bytes], name: str, encoding: str = UTF_8) -> Iterator[tuple[int, str]]:
    """Yield the number and text of each line, including the newline but no byte order mark."""
    # Invalid bytes become surrogates, so that their line is known.
    text = io.TextIOWrapper(
        cast("io.BufferedReader", file), encoding, errors="surrogateescape", newline="\n"
    )
    number = 0
    try:
        while line := text.readline(LARGEST_TEXT + 1):
            number += 1
            location = f"{name}, line {number}"
            if len(line) > LARGEST_TEXT:
                raise InputError(
                    f"{location} is longer than {LARGEST_TEXT:,} characters: shorten or remove it"
                )
            if not _is_encodable(line):
                raise InputError(f"{location} is not {encoding.upper()}: {ENCODING_ADVICE}")
            if nuls := line.count("\0"):
                # Every second byte of ASCII text in UTF-16.
                advice = ENCODING_ADVICE if nuls > len(line) / 3 else "remove the NUL bytes"
                raise InputError(f"{location} has a NUL byte: {advice}")
            yield number, line.removeprefix("\ufeff") if number == 1 else line
    except UnicodeError:
        raise InputError(
            f"{name}, line {number + 1} is not {encoding.upper()}: {ENCODING_ADVICE}"
        ) from None
    finally:
        if not text.closed:
            text.detach()


def _is_encodable(text: str) -> bool:
    """Return whether a text has no lone surrogate, faster than a regular expression."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _read_csv(file: Path, columns: Sequence[str], form: Format) -> Iterator[Row]:
    with _open(file) as content:
        texts = (line for _, line in lines(content, str(file), form.encoding))
        rows = _csv_rows(_csv_reader(texts, form, strict=True), file)
        header = list(form.columns) or next(rows, ("", []))[1]
        if header[:1] == ["sep="]:  # Excel's line that declares the delimiter
            header = next(rows, ("", []))[1]
        require_columns(columns, header, str(file))
        header = _unique(header)
        for location, row in rows:
            if len(row) == len(header):
                yield location, dict(zip(header, row, strict=True))
            elif form.skip_ragged:
                yield location, {}
            else:
                raise InputError(
                    f"{location}: expected {len(header)} columns, found {len(row)}; fix the row, "
                    "quote the text, or leave such rows out with csv.unusable=skip"
                )


def _unique(header: Sequence[str]) -> list[str]:
    """Return names that differ: those that occur before get the number of their column."""
    names: list[str] = []
    for number, name in enumerate(header, start=1):
        while name in names:
            name += f".{number}"  # noqa: PLW2901
        names.append(name)
    return names


def _csv_reader(texts: Iterable[str], form: Format, *, strict: bool) -> Any:
    # This is a global limit of the csv module.
    csv.field_size_limit(LARGEST_TEXT)
    return csv.reader(
        texts,
        delimiter=form.delimiter,
        quoting=csv.QUOTE_NONE if form.quoting == NONE else csv.QUOTE_MINIMAL,
        strict=strict,
    )


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
                f"{location} is not valid CSV ({error}): the file is truncated, a quote is not "
                "closed, a quote in a text is not doubled, or lines end with CR alone: fix it, or "
                "save the file again"
            ) from None
        if row:
            yield location, row


def _read_json_lines(file: Path, columns: Sequence[str], form: Format) -> Iterator[Row]:
    with _open(file) as content:
        for number, line in lines(content, str(file), form.encoding):
            if not line.strip():
                continue
            location = f"{file}, line {number}"
            try:
                row = json.loads(line.rstrip())
            except (ValueError, RecursionError) as error:
                raise InputError(
                    f"{location} is not valid JSON ({getattr(error, 'msg', error)}): the file is "
                    "truncated, or does not have one object per line: save it again"
                ) from None
            if not isinstance(row, dict):
                name = next(iter(columns), "text")
                raise InputError(f'{location} is not an object such as {{"{name}": ...}}: fix it')
            for name in columns or row:
                if not _is_encodable(f"{name}{row.get(name)}"):
                    raise InputError(
                        f"{location}, column {name!r} has a lone surrogate, which UTF-8 cannot "
                        "encode: remove it"
                    )
            yield location, row


def _read_parquet(file: Path, columns: Sequence[str], _form: Format) -> Iterator[Row]:
    try:
        names = pq.read_schema(file).names
        columns = columns or names
        require_columns(columns, names, str(file))
        start = 1
        for batch in corpus_reader.batches(file, list(columns)):
            for number, row in enumerate(batch.to_pylist(), start):
                yield f"{file}, row {number}", row
            start += len(batch)
    # Python has no timestamps after the year 9999.
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{file} cannot be read as Parquet ({reason}): fix it, or save it again"
        ) from None


def list_columns(header: Iterable[str]) -> str:
    """Return the names of columns for messages; without a header, they are labels and texts."""
    # In quotes if it is empty or has other white space than single spaces inside.
    names = (name if name.split(" ") == name.split() else repr(name) for name in header)
    return shorten(", ".join(names), 200, placeholder="…") or "none"


def require_columns(columns: Sequence[str], header: Sequence[str], source: str) -> None:
    """Check that each of the columns occurs once in the header of a table."""
    for name in columns:
        if header.count(name) != 1:
            count = f"{header.count(name)} columns" if name in header else "no column"
            advice = spelling_advice(name, header) or "check the column name and the delimiter"
            raise InputError(
                f"{source} has {count} {name!r}; its columns are {list_columns(header)}: {advice}"
            )


def spelling_advice(name: str, header: Iterable[str]) -> str:
    """Return advice to write the name of a column as a table does, if only case differs."""
    key = name.strip().casefold()
    same = (each for each in header if each.strip().casefold() == key and each != name)
    return next((f"write {each!r}" for each in same), "")


READERS: dict[str, Callable[[Path, Sequence[str], Format], Iterator[Row]]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".tab": _read_csv,
    ".jsonl": _read_json_lines,
    ".parquet": _read_parquet,
}
