"""Detect the encoding, the delimiter and the quoting of a file of texts."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import charset_normalizer
import pyarrow as pa

from birnn.runtime.errors import InputError
from birnn.sources import tabular
from birnn.sources.settings import TableFormat, label_key

SAMPLE = 1_000_000  # bytes from which the encoding is detected
SAMPLE_LINES = 20  # from which the delimiter is detected
COUNTED = 1_000  # different values of a column, and characters of a value

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
    extension = tabular.extension(file)
    if not file.is_file() or extension not in tabular.READERS or extension == ".parquet":
        return form
    if "encoding" not in given:
        form = _changed(form, encoding=_encoding(file))
    if extension not in tabular.DELIMITERS:
        return form
    if "delimiter" not in given:
        delimiter = _delimiter(file, columns, form)
        is_default = delimiter == tabular.DELIMITERS[extension]
        form = _changed(form, delimiter=None if is_default else delimiter)
    if "quoting" not in given:
        form = _changed(form, quoting="minimal")
        if quotes_swallow_lines(file, form):
            form = _changed(form, quoting="none")
    return form


def quotes_swallow_lines(file: Path, form: TableFormat) -> bool:
    """Return whether a file has more rows if quotes are part of the text.

    With commas, which a quoted text may contain, the answer is no.
    """
    default = tabular.DELIMITERS.get(tabular.extension(file), ",")
    if form.quoting == "none" or (form.delimiter or default) == ",":
        return False
    counts = dict.fromkeys(("minimal", "none"), 0)
    for quoting in counts:
        variant = _changed(form, quoting=quoting, unusable="skip")
        with suppress(InputError):
            counts[quoting] = sum(bool(row) for _, row in tabular.read(file, (), variant))
    return counts["none"] > counts["minimal"]


def count_values(files: Sequence[Path], form: TableFormat) -> dict[str, Counter[str]]:
    """Count the rows of files with each value of each column, up to COUNTED different ones.

    Missing values and ragged rows are left out, and spellings of the same label are one value.
    """
    form = _changed(form, unusable="skip")
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


def _changed(form: FormatType, **values: Any) -> FormatType:
    return form.model_copy(update=values)


def _encoding(file: Path) -> str:
    """Return the encoding of a file: by its byte order mark, UTF-8, or a guess.

    The first part with non-ASCII letters decides. A few invalid bytes in UTF-8 are damage, so they
    do not make it another encoding.
    """
    with tabular.open_text(file, "latin-1") as content:  # one character per byte
        sample = _lines(content, SAMPLE)
        while sample.isascii() and (more := _lines(content, SAMPLE)):
            sample = more
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    text = sample.decode(UTF_8, "surrogateescape")
    invalid = len(tabular.SURROGATE.findall(text))
    if invalid <= sum(map(str.isascii, text)) ...
