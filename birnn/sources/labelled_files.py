"""Read the user's own labelled text from CSV, TSV, JSON Lines or Parquet files."""

import operator
import re
from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from birnn.reviews import hold_out
from birnn.reviews.corpus import SPLITS, Review, short_hash
from birnn.runtime.errors import InputError
from birnn.sources import tabular
from birnn.sources.settings import Csv, as_list, label_key

COMPARISON = re.compile(r"([<>]=?) *(-?\d+(?:\.\d+)?)")
OPERATORS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


class UnusableRowError(Exception):
    """A row that cannot become a review, for a reason such as `without 'text'`."""


@dataclass
class LabelledFiles:
    """The user's files in a folder."""

    csv: Csv
    folder: Path
    skipped: Counter[str] = field(default_factory=Counter)  # rows of the last reading, by reason

    def read(self) -> Iterator[Review]:
        """Yield the rows of the files as reviews.

        For a random split the files are read twice, so that the texts need not fit in memory.
        """
        fraction = self.csv.test
        if not isinstance(fraction, float):
            yield from self._reviews()
            return
        labels, groups = array("B"), array("Q")
        for review in self._reviews():
            labels.append(review.label)
            groups.append(short_hash(review.group.encode()))
        is_test = hold_out.draw_stratified(
            np.asarray(labels), np.asarray(groups), fraction, self.csv.seed, "csv.test"
        )
        for review, drawn in zip(self._reviews(), is_test, strict=True):
            yield replace(review, split="test" if drawn else "train")

    def read_unlabelled(self) -> Iterator[str]:
        """Yield the texts of the unlabelled files; rows without one are left out."""
        column = self.csv.text_column
        for file in find(self.folder, self.csv.unlabelled):
            for _, row in tabular.read(file, [column], self.csv):
                with suppress(UnusableRowError):
                    yield _text(row, column)

    def describe(self) -> Iterator[str]:
        """Yield a line about the rows that were skipped, if any."""
        if self.skipped:
            reasons = (f"{count:,} {reason}" for reason, count in self.skipped.most_common(10))
            yield f"skipped rows: {self.skipped.total():,} ({', '.join(reasons)})"

    def _reviews(self) -> Iterator[Review]:
        """Yield the usable rows; a random split calls all of them training reviews."""
        csv = self.csv
        named = [csv.split_column, csv.id_column, csv.group_column]
        columns = [csv.text_column, csv.label_column, *filter(None, named)]
        self.skipped.clear()
        for file, split in self._files():
            name = file.relative_to(self.folder).as_posix()
            for number, row in tabular.read(file, columns, csv):
                try:
                    values = {column: _text(row, column) for column in columns}
                    yield _review(csv, values, split, f"{name}, row {number}")
                except UnusableRowError as error:
                    reason = str(error)[:100]  # a label may be a long text
                    if csv.unusable == "refuse":
                        raise tabular.TableError(f"{file}, row {number} is {reason}") from None
                    self.skipped[reason] += 1

    def _files(self) -> list[tuple[Path, str]]:
        """Return the files and their split; `train` may also match the others."""
        csv = self.csv
        test = find(self.folder, csv.test if csv.split_column is None else None)
        unlabelled = find(self.folder, csv.unlabelled)
        train = [file for file in find(self.folder, csv.train) if file not in test]
        # Rows without a label may also be in the files of the labelled ones.
        train = [file for file in train if file not in unlabelled] or train
        if not train:
            raise InputError(f"csv.train ({csv.train}) matches only files of csv.test ({csv.test})")
        return [(file, "train") for file in train] + [(file, "test") for file in test]


def _review(csv: Csv, values: dict[str, str], split: str, location: str) -> Review:
    """Return a row as a review; the split and the location are used without a column for them."""
    text, label = values[csv.text_column], find_class(csv, values[csv.label_column])
    if label is None:
        raise UnusableRowError(f"labelled {label_key(values[csv.label_column])!r}")
    if csv.split_column:
        split = label_key(values[csv.split_column])
        if csv.test is not None:
            split = "test" if split == label_key(csv.test) else "train"
        if split not in SPLITS:
            raise UnusableRowError(f"in the split {split!r}, neither train nor test")
    # Without groups, equal texts are one: no split or hold-out separates them.
    group = values[csv.group_column] if csv.group_column else f"text {short_hash(text.encode()):x}"
    return Review(split, values[csv.id_column] if csv.id_column else location, group, label, text)


def _text(row: tabular.Row, column: str) -> str:
    """Return a value as text, which must not be empty."""
    value = row.get(column)
    if isinstance(value, bytes | dict | list):
        raise UnusableRowError(f"without text or a number in {column!r}, which is nested")
    is_missing = value is None or value != value  # noqa: PLR0124  # NaN differs from itself
    if is_missing or not (text := str(value).strip()):
        raise UnusableRowError(f"without {column!r}")
    if tabular.SURROGATE.search(text):
        raise UnusableRowError(f"without a valid {column!r}: it has a lone surrogate")
    return text


def find_class(csv: Csv, value: str) -> int | None:
    """Return the class of a label: 1 positive, 0 negative, None for neither.

    Without negative labels, every label that is not positive is negative.
    """
    key = label_key(value)
    is_negative, is_positive = (
        any(_matches(key, label_key(label)) for label in as_list(labels))
        for labels in (csv.negative, csv.positive)
    )
    if is_negative and is_positive:
        raise InputError(f"csv.positive and csv.negative both match {key}: change one")
    return int(is_positive) if is_positive or is_negative or csv.negative is None else None


def _matches(key: str, label: str) -> bool:
    """Return whether a label of a row is this label, or satisfies this comparison."""
    if comparison := COMPARISON.fullmatch(label):
        with suppress(ValueError):  # not a number
            return bool(OPERATORS[comparison[1]](float(key), float(comparison[2])))
    return key == label


def find(folder: Path, name: object) -> list[Path]:
    """Return the file, or the readable files of a folder or pattern, in order.

    Without a name, the result is empty. Files whose name starts with `.` or `_` are left out.
    """
    if not isinstance(name, str):
        return []
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise InputError(f"{name} is not in {folder}: copy it there")
    path = folder / name
    is_pattern = re.search(r"[*?[]", name) and not path.exists()
    if not is_pattern and not path.is_dir():
        return [path]
    # Two stars would match files in subfolders, or, before Python 3.13, be an error.
    candidates = sorted(folder.glob(re.sub(r"\*+", "*", name)) if is_pattern else path.iterdir())
    readable = [file for file in candidates if tabular.extension(file) in tabular.READERS]
    files = [file for file in readable if file.is_file() and not file.name.startswith((".", "_"))]
    if not files:
        raise InputError(f"{path} matches no files that can be read; subfolders are not searched")
    return files
