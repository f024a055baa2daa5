"""Detect the encoding, the delimiter and the quoting of a file of texts."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, TypeVar

import charset_normalizer
import pyarrow as pa

from birnn.runtime.errors import InputError
from birnn.sources import tabular
from birnn.sources.settings import TableFormat, label_key

SAMPLE = 1_000_000  # bytes from which the encoding is detected
SAMPLE_LINES = 20  # from which the delimiter is detected
COUNTED = 1_000  # different values of a column, and characters of a value

DELIMITERS = ",;\t|"  # the most likely one first
UTF_8 = "utf-8"
LATIN = ["cp1252", "cp1250"]
OTHER_SCRIPTS = ["cp1251", "koi8_r", "cp1253", "cp932", "gb18030", "big5", "cp949"]

DEFAULT = TableFormat(
    columns=None, delimiter=None, quoting="minimal", encoding=UTF_8, unusable="refuse"
)

FormatType = TypeVar("FormatType", bound=TableFormat)


def detect(
    file: Path, columns: Sequence[str], form: FormatType, given: Collection[str] = ()
) -> FormatType:
    """Return the format that fits a file; the settings that are `given` stay as they are.

    The delimiter is the one with which the header has most of the `columns`; of several, the one
    with which most of the first rows are as long as the header.
    """
    is_table = tabular.extension(file) in tabular.DELIMITERS
    if not file.is_file() or not (is_table or tabular.extension(file) == ".jsonl"):
        return form
    with suppress(OSError):  # of a damaged file, which the reader names
        form = change(given, form, encoding=_encoding(file))
        if is_table:
            form = change(given, form, delimiter=_delimiter(file, columns, form))
            form = change(given, form, quoting="minimal")
            if quotes_swallow_lines(file, form):
                form = change(given, form, quoting="none")
    return form


def change(given: Collection[str], form: FormatType, /, **values: Any) -> FormatType:
    """Return settings with other values, except for those that are `given`."""
    return form.model_copy(update={name: values[name] for name in values if name not in given})


def quotes_swallow_lines(file: Path, form: TableFormat) -> bool:
    """Return whether a file has more rows if quotes are part of the text.

    With commas, which a quoted text may contain, the answer is no.
    """
    default = tabular.DELIMITERS.get(tabular.extension(file), ",")
    if form.quoting == "none" or (form.delimiter or default) == ",":
        return False
    counts = dict.fromkeys(("minimal", "none"), 0)
    for quoting in counts:
        variant = change((), form, quoting=quoting, unusable="skip")
        with suppress(InputError):
            counts[quoting] = sum(bool(row) for _, row in tabular.read(file, (), variant))
    return counts["none"] > counts["minimal"]


def count_values(files: Sequence[Path], form: TableFormat) -> dict[str, Counter[str]]:
    """Count the rows of files with each value of each column, up to COUNTED different ones.

    Missing values and ragged rows are left out, and spellings of the same label are one value.
    """
    form = change((), form, unusable="skip")
    columns: dict[str, Counter[str]] = {}
    spellings: dict[tuple[str, str], str] = {}
    for row in (row for file in files for _, row in tabular.read(file, (), form)):
        for name, value in row.items():
            is_nested = isinstance(value, bytes | dict | list)
            values = columns.setdefault(f"{name} (nested)" if is_nested else name, Counter())
            if len(values) < COUNTED and not (is_nested or value is None):
                text = str(value).strip()[:COUNTED]
                if (key := label_key(text)) not in {"", "nan"}:
                    values[spellings.setdefault((name, key), text)] += 1
    if not columns:
        raise InputError(f"{files[0]} has no rows: add labelled texts")
    return columns


def _encoding(file: Path) -> str:
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
    invalid = len(tabular.SURROGATE.findall(text))
    if invalid <= len(re.findall("[^\0-\x7f\udc80-\udcff]", text)) or b"\0" in sample:
        return UTF_8
    lines = b"".join(line for line in sample.splitlines(keepends=True) if not line.isascii())
    candidates = LATIN if invalid < len(re.findall(rb"[A-Za-z]", lines)) / 2 else OTHER_SCRIPTS
    matches = charset_normalizer.from_bytes(lines, cp_isolation=candidates)
    plausible = [name for match in matches for name in match.could_be_from_charset]
    # Prefer the first, because charset_normalizer does not know that it is far more common.
    return next((name for name in candidates[:1] if name in plausible), (plausible or [UTF_8])[0])


def _delimiter(file: Path, columns: Sequence[str], form: TableFormat) -> str | None:
    with _open(file) as content:
        sample = content.read(SAMPLE).decode(form.encoding, "replace").lstrip("\ufeff")
    first_lines = sample.splitlines(keepends=True)[:SAMPLE_LINES]
    quoting: Literal[0, 3] = csv.QUOTE_NONE if form.quoting == "none" else csv.QUOTE_MINIMAL
    csv.field_size_limit(tabular.LARGEST_LINE)

    def fit(delimiter: str) -> tuple[int, int, int]:
        rows = [*filter(None, csv.reader(first_lines, delimiter=delimiter, quoting=quoting))]
        header, *rest = [form.columns, *rows] if form.columns else rows or [[]]
        same_length = sum(len(row) == len(header) for row in rest) if len(header) > 1 else 0
        return sum(column in header for column in columns), same_length, len(header)

    default = tabular.DELIMITERS[tabular.extension(file)]
    best = max([default, *DELIMITERS], key=fit)
    return None if best == default else best


def _open(file: Path) -> io.BufferedReader:
    return io.BufferedReader(pa.input_stream(file))
