"""Guess the settings of the section `csv` that fit a file; a person then checks them."""

import codecs
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice, product
from pathlib import Path
from typing import Any

import chardet
import pyarrow as pa

from birnn.core.settings import validate_section
from birnn.reviews.corpus import SPLITS
from birnn.runtime.errors import InputError
from birnn.sources import tabular
from birnn.sources.settings import TableFormat, as_list, label_key

FORMAT = {"columns": None, "delimiter": None, "quoting": "minimal", "encoding": "utf-8"}
FORMAT |= {"unusable": "skip"}  # until a reading without is tried
DELIMITERS, QUOTING = ",;\t|", ("minimal", "none", "single")
SAMPLE = 5_000_000  # bytes from which the encoding is guessed
PLAUSIBLE = 5  # encodings
SAMPLE_ROWS = 20_000  # from which the delimiter is guessed
COUNTED = 1_000  # different values of a column, and characters of a value
LABEL_ROWS = 5  # per label, on average, if there are more than two labels
MOSTLY = 0.95  # share of rows with a label that repeats; other labels may be errors
SPLIT_VALUES = 4  # such as train, val, dev and test
TEXT = re.compile(r"\s|[^\0-\x7f]")  # in texts, but not in addresses and ids


@dataclass
class Column:
    """The values of a column."""

    counts: Counter[str] = field(default_factory=Counter)  # of the first COUNTED values
    filled: int = 0  # rows with a value

    @property
    def letters(self) -> int:
        """The number of letters, if most values could be texts."""
        texts = [*filter(TEXT.search, self.counts)]
        return sum(map(str.isalpha, "".join(texts))) if 2 * len(texts) > len(self.counts) else 0

    @property
    def labels(self) -> list[str]:
        """The values that repeat, the most frequent first, if they could be labels."""
        repeated = Counter({value: rows for value, rows in self.counts.items() if rows > 1})
        are_labels = (
            1 < len(repeated) <= max(2, self.filled / LABEL_ROWS)
            and repeated.total() >= MOSTLY * self.filled
        )
        return [label for label, _ in repeated.most_common()] if are_labels else []

    @property
    def test_value(self) -> str | None:
        """The value that marks test texts, if the values are splits."""
        train, test = ([v for v in self.counts if label_key(v).startswith(s)] for s in SPLITS)
        return test[0] if train and test and len(self.counts) <= SPLIT_VALUES else None


def guess_format(
    file: Path, given: Mapping[str, Any]
) -> tuple[TableFormat, dict[str, Column], list[str]]:
    """Return the format of a file, its columns by name, and plausible encodings if it is a guess.

    Settings that are `given` stay as they are.
    """
    given = {name: value for name, value in given.items() if name in TableFormat.model_fields}
    form = validate_section(TableFormat, FORMAT | given, "csv")
    tabular.read(file, (), form)  # refuses folders and other extensions
    encodings: list[str] = []
    if "encoding" not in given and tabular.extension(file) != ".parquet":
        encodings = _guess_encodings(file)
        form = form.model_copy(update={"encoding": encodings[0]})
    if default := tabular.DELIMITERS.get(tabular.extension(file)):
        form = _guess_table(file, form, default, given)
    columns = _read_columns(file, form)
    if default and form.columns is None and _first_row_is_data(columns):
        with tabular.open_text(file, form.encoding) as text:
            first = next(tabular.csv_rows(text, form.delimiter or default, form.quoting))
        names = [f"column{place}" for place, _ in enumerate(first, start=1)]
        form = form.model_copy(update={"columns": names})
        columns = _read_columns(file, form)
    return form, columns, [] if form.encoding.startswith("utf") else encodings


def _guess_encodings(file: Path) -> list[str]:
    """Return encodings that read a text file differently, the most plausible one first.

    A few invalid bytes in UTF-8 are damage, which the reader names.
    """
    content = pa.input_stream(file).read(SAMPLE)
    text = content.decode(errors="surrogateescape")
    valid = len(re.findall("[^\0-\x7f\udc80-\udcff]", text))
    if 2 * len(tabular.SURROGATE.findall(text)) <= valid and "\0" not in text:
        return ["utf-8"]
    guesses = chardet.detect_all(content, max_bytes=SAMPLE)
    names = [codecs.lookup(guess["encoding"]).name for guess in guesses if guess["encoding"]]
    if not names:
        raise InputError(f"{file} is not text: save it as CSV in UTF-8")
    readings = {content.decode(name, "replace"): name for name in reversed(names[:PLAUSIBLE])}
    return [*reversed(readings.values())]


def _guess_table(file: Path, form: TableFormat, default: str, given: dict[str, Any]) -> TableFormat:
    """Return the delimiter and the quoting with which most rows are as long as the first one.

    The reader stops at a row that it cannot read. Quotes that swallow lines leave fewer rows.
    """

    def count_usable(form: TableFormat) -> int:
        usable = 0
        with suppress(InputError):
            for _, row in islice(tabular.read(file, (), form), SAMPLE_ROWS):
                usable += 1 if len(row) > 1 else -1
        return usable

    pairs = product([None, *DELIMITERS.replace(default, "")], QUOTING)
    forms = (form.model_copy(update={"delimiter": d, "quoting": q} | given) for d, q in pairs)
    return max(forms, key=count_usable)


def _read_columns(file: Path, form: TableFormat) -> dict[str, Column]:
    """Return the columns of a file by name."""
    columns: dict[str, Column] = {}
    for _, row in tabular.read(file, (), form):
        for name, value in row.items():
            column = columns.setdefault(name, Column())
            is_nested = isinstance(value, bytes | dict | list)
            text = "(nested)" if is_nested else str(value).strip()[:COUNTED]
            if value is not None and text not in {"", "nan"}:
                column.filled += 1
                if text in column.counts or len(column.counts) < COUNTED:
                    column.counts[text] += 1
    if not any(column.filled for column in columns.values()):
        raise InputError(f"{file} has no rows: add labelled texts")
    return columns


def _first_row_is_data(columns: dict[str, Column]) -> bool:
    """Return whether the names of the columns are a text and labels."""
    are_labels = [name in column.labels for name, column in columns.items() if column.labels]
    return bool(TEXT.search(_guess_text_column(columns)) and are_labels) and all(are_labels)


def guess_settings(
    file: Path, form: TableFormat, columns: dict[str, Column], given: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield settings that may fit a file, the best ones first; those `given` stay as they are."""
    text = given.get("text_column") or _guess_text_column(columns)
    label = given.get("label_column") or _guess_label_column(columns, text)
    tabular.require_columns([text, label], [*columns], file)
    guessed = {"train": file.name, "seed": 0, "unlabelled": None, **dict(form)}
    guessed |= {"text_column": text, "label_column": label, "id_column": None, "group_column": None}
    guessed |= _guess_classes(label, columns[label], given)
    for split in _guess_splits(file, columns):
        for unusable in ("refuse", "skip"):
            yield guessed | split | {"unusable": unusable} | dict(given)


def _guess_text_column(columns: dict[str, Column]) -> str:
    return max(columns, key=lambda name: columns[name].letters)


def _guess_label_column(columns: dict[str, Column], text: str) -> str:
    """Return `label`, or the column with fewest labels; columns that are mostly empty are last."""
    rows = max(column.filled for column in columns.values())
    ranks = {
        (name != "label", 2 * column.filled < rows, len(column.labels), -column.filled): name
        for name, column in reversed(columns.items())
        if column.labels and not column.test_value and name not in {"", text}
    }
    if not ranks:
        raise InputError("no column has labels, which repeat and are not all equal: add labels")
    return ranks[min(ranks)]


def _guess_classes(name: str, column: Column, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the labels of the classes: of two, the larger number or else the rarer is positive.

    More numbers are compared with the middle of their scale; of more texts, the most frequent one
    is positive, and all others are negative.
    """
    labels, is_numeric = column.labels or [*column.counts], False
    if len(labels) == 1:
        raise InputError(f"all labels in {name!r} are {labels[0]}: add texts with another label")
    with suppress(ValueError):
        labels, is_numeric = sorted(labels, key=float), True
    if "positive" in given:
        chosen = {label_key(label) for label in as_list(given["positive"])}
        others = [label for label in labels if label_key(label) not in chosen]
        return {"negative": others[0] if len(labels) == 2 and len(others) == 1 else None}  # noqa: PLR2004
    if len(labels) == 2:  # noqa: PLR2004
        return {"positive": labels[1], "negative": labels[0]}
    if is_numeric:
        middle = (float(labels[0]) + float(labels[-1])) / 2
        return {"positive": f">{middle:.10g}", "negative": f"<{middle:.10g}"}
    return {"positive": labels[0], "negative": None}


def _guess_splits(file: Path, columns: dict[str, Column]) -> Iterator[dict[str, Any]]:
    """Yield settings of the split: by column, by the test file next to the file, at random."""
    for name, column in columns.items():
        if column.test_value:
            yield {"split_column": name, "test": column.test_value}
    other = file.name.replace("train", "test")
    if other != file.name and file.with_name(other).is_file():
        yield {"split_column": None, "test": other}
    yield {"split_column": None, "test": 0.2}
