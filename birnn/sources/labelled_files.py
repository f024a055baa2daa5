"""Read the user's own labelled text from CSV, TSV, JSON Lines or Parquet files."""

import operator
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np
from numpy.typing import NDArray

from birnn.reviews.corpus import SPLITS, Review, short_hash
from birnn.runtime.errors import InputError
from birnn.sources import tabular
from birnn.sources.settings import Csv, as_list, label_key

SHOWN = 40  # characters of a value in error messages
REASONS = 10  # reasons for skipped rows that are printed, the most common ones
MANY = 0.05  # share of the rows that are skipped due to their labels
COMPARISON = re.compile(r"([<>]=?) *(-?\d+(?:\.\d+)?)")
OPERATORS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


class UnusableRowError(InputError):
    """A row cannot become a review, for a reason such as an empty text."""

    def __init__(self, location: str, column: str, problem: str, reason: str) -> None:
        """Store the reason, which is the same for all rows with this problem."""
        super().__init__(f"{location}, column {column!r} {problem}, or set csv.unusable to skip")
        self.reason = reason


class LabelledFiles:
    """The user's files."""

    def __init__(self, settings: Csv, folder: Path) -> None:
        """Store the settings and the folder; nothing is read yet."""
        # The encoding and delimiter of each file that was read.
        self.formats: dict[Path, tabular.Format] = {}
        # The number of rows that the last complete reading skipped, by reason.
        self.skipped: Counter[str] = Counter()
        self.rows = 0  # that it read
        self._settings = settings
        self._folder = folder
        columns = {
            "text": settings.text_column,
            "label": settings.label_column,
            "split": settings.split_column,
            "id": settings.id_column,
            "group": settings.group_column,
        }
        self._columns = {role: name for role, name in columns.items() if name is not None}
        self._find_class = lru_cache(partial(find_class, settings))

    def read(self) -> Iterator[Review]:
        """Yield the rows of the files as reviews.

        For a random split the files are read twice, so that the texts need not fit in memory.
        """
        fraction, seed = self._settings.test, self._settings.seed
        if not isinstance(fraction, float):
            yield from self._reviews()
            return
        labels, groups = array("B"), array("Q")
        for review in self._reviews():
            labels.append(review.label)
            groups.append(short_hash(review.group.encode()))
        is_test = draw_test(np.asarray(labels), np.asarray(groups), fraction, seed)
        for review, drawn in zip(self._reviews(), is_test, strict=True):
            yield replace(review, split="test" if drawn else "train")

    def read_unlabelled(self) -> Iterator[str]:
        """Yield the texts of the unlabelled files; rows without one are left out."""
        column = self._settings.text_column
        for file in self._unlabelled_files():
            for _, row in tabular.read(file, [column], requested_format(self._settings)):
                if isinstance(text := row.get(column), str) and text.strip():
                    yield text.strip()

    def describe(self) -> Iterator[str]:
        """Yield lines about the formats of the files and the rows that were skipped."""
        for form in dict.fromkeys(self.formats.values()):
            if form != tabular.AUTOMATIC:
                first, *rest = [file for file in self.formats if self.formats[file] == form]
                others = f" and {len(rest)} more" if rest else ""
                has_delimiter = form.delimiter != tabular.AUTO
                delimiter = f", delimiter {form.delimiter!r}" if has_delimiter else ""
                yield f"{first}{others}: encoding {form.encoding}{delimiter}"
        if self.skipped:
            common = self.skipped.most_common(REASONS)
            reasons = ", ".join(f"{count:,} {why}" for why, count in common)
            yield f"skipped rows: {self.skipped.total():,} ({reasons})"
            # Ratings between the two classes are dropped on purpose.
            spelled = [why for why in self.skipped if re.match(r"labelled '\D", why)]
            share = sum(self.skipped[why] for why in spelled) / self.rows
            if share >= MANY:
                yield (
                    f"warning: {share:.0%} of the rows have other labels: add those that mean the "
                    "same to csv.positive or csv.negative"
                )

    def have_both_classes(self) -> bool:
        """Return whether the files can be read, and both splits have texts of both classes."""
        with suppress(InputError):
            found = {(review.split, review.label) for review in self.read()}
            return len(found) == 2 * len(SPLITS)
        return False

    def _reviews(self) -> Iterator[Review]:
        """Yield the usable rows; a random split calls all of them training reviews."""
        columns, skip = list(self._columns.values()), self._settings.unusable == "skip"
        skipped: Counter[str] = Counter()
        rows = 0
        for file, file_split in self._files():
            self.formats[file] = form = tabular.detect(
                file, columns, requested_format(self._settings)
            )
            name = file.relative_to(self._folder).as_posix()
            for location, row in tabular.read(file, columns, form):
                rows += 1
                review_id = location.replace(str(file), name)
                try:
                    review = self._review(file_split, review_id, location, row)
                except UnusableRowError as error:
                    if not skip:
                        raise
                    skipped[error.reason] += 1
                else:
                    yield review
        self.skipped, self.rows = skipped, rows

    def _files(self) -> list[tuple[Path, str]]:
        """Return the files and their split; `train` may also match the others."""
        test = self._settings.test
        test_files = []
        if isinstance(test, str) and self._settings.split_column is None:
            test_files = find(self._folder, test)
        found = find(self._folder, self._settings.train)
        train = [file for file in found if file not in test_files]
        if not train:
            raise InputError(
                f"csv.train ({self._settings.train}) matches only files of csv.test ({test}): "
                "choose different files"
            )
        unlabelled = self._unlabelled_files()
        # Rows without a label may also be in the files of the labelled ones.
        train_files = [file for file in train if file not in unlabelled] or train
        return [(file, "train") for file in train_files] + [(file, "test") for file in test_files]

    def _unlabelled_files(self) -> list[Path]:
        name = self._settings.unlabelled
        return find(self._folder, name) if name else []

    def _review(
        self, file_split: str, review_id: str, location: str, row: dict[str, Any]
    ) -> Review:
        values = {role: _value(row, name, location) for role, name in self._columns.items()}
        split, text = values.get("split"), values["text"]
        # Without groups, equal texts are one: no split or hold-out separates them.
        group = values.get("group", f"text {short_hash(text.encode()):x}")
        return Review(
            split=self._parse_split(split, location) if split else file_split,
            id=values.get("id", review_id),
            group=group,
            label=self._parse_label(values["label"], location),
            text=text,
        )

    def _parse_split(self, value: str, location: str) -> str:
        if self._settings.test is not None:
            return "test" if label_key(value) == label_key(self._settings.test) else "train"
        split = label_key(value)
        if split not in SPLITS:
            raise UnusableRowError(
                location,
                str(self._settings.split_column),
                f"is {_short(value)}, neither train nor test: fix the row, set csv.test to the "
                "value that marks test reviews",
                f"in the split {_short(split)}",
            )
        return split

    def _parse_label(self, value: str, location: str) -> int:
        label = self._find_class(value)
        if label is None:
            settings = self._settings
            positive, negative = (
                ", ".join(map(str, as_list(labels)))
                for labels in (settings.positive, settings.negative)
            )
            raise UnusableRowError(
                location,
                settings.label_column,
                f"is {_short(value)}, neither csv.positive ({positive}) nor csv.negative "
                f"({negative}): fix the row or the settings",
                f"labelled {_short(label_key(value))}",
            )
        return label


def draw_test(
    labels: NDArray[np.uint8], groups: NDArray[np.uint64], fraction: float, seed: int
) -> NDArray[np.bool_]:
    """Return a mask of the test reviews: a fraction of the groups, stratified by their label.

    A group counts as positive if at least half of its reviews are, so both splits have about the
    same share of positive reviews. All arrays have the shape (reviews,).
    """
    # Takes a second; only needed for files without a split.
    from sklearn.model_selection import train_test_split  # noqa: PLC0415

    _, group_index, group_sizes = np.unique(groups, return_inverse=True, return_counts=True)
    majority = np.bincount(group_index, labels) * 2 >= group_sizes
    try:
        _, drawn = train_test_split(
            np.arange(len(group_sizes)), test_size=fraction, stratify=majority, random_state=seed
        )
    except ValueError:
        raise InputError(
            f"csv.test is {fraction}, but {len(group_sizes)} different texts or groups, "
            f"{majority.sum()} of them positive, are too few to split: add reviews, or choose "
            "another fraction"
        ) from None
    return np.isin(group_index, drawn)


def find_class(settings: Csv, value: str) -> int | None:
    """Return the class of a label: 1 positive, 0 negative, None for neither.

    Without negative labels, every label that is not positive is negative.
    """
    key = label_key(value)
    found = [
        each
        for each, labels in enumerate((settings.negative, settings.positive))
        if any(_matches(key, label_key(label)) for label in as_list(labels))
    ]
    if len(found) > 1:
        raise InputError(f"csv.positive and csv.negative both match {key}: change one")
    others = None if as_list(settings.negative) else 0
    return found[0] if found else others


def _matches(key: str, label: str) -> bool:
    """Return whether a label of a row is this label, or satisfies this comparison."""
    if comparison := COMPARISON.fullmatch(label):
        with suppress(ValueError):  # not a number
            return bool(OPERATORS[comparison[1]](float(key), float(comparison[2])))
    return key == label


def requested_format(settings: Csv) -> tabular.Format:
    """Return the format in the settings."""
    return tabular.Format(
        settings.encoding,
        settings.delimiter,
        settings.quoting,
        tuple(settings.columns or ()),
        skip_ragged=settings.unusable == "skip",
    )


def find(folder: Path, name: str) -> list[Path]:
    """Return the file, or the files of a folder or pattern, in order.

    Hidden files, those that start with `_`, README.md, the .dvc files of `dvc add` and folders are
    left out.
    """
    path = folder / name
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise InputError(f"{name} is not in {folder}: copy it there")
    if path.is_dir():
        found: Iterable[Path] = path.iterdir()
    elif path.exists() or not re.search(r"[*?[]", name):
        return [path]
    else:
        # Two stars would match files in subfolders, or, before Python 3.13, be an error.
        found = folder.glob(re.sub(r"\*+", "*", name))
    named = (file for file in found if not file.name.startswith((".", "_", "README.md")))
    files = sorted(file for file in named if file.suffix != ".dvc" and file.is_file())
    if not files:
        raise InputError(
            f"{path} matches no files (those in subfolders are not read): check csv.train, "
            "csv.test, csv.unlabelled"
        )
    return files


def _value(row: dict[str, Any], column: str, location: str) -> str:
    """Return a value as text, which must not be empty."""
    value = row.get(column)
    if isinstance(value, bytes | dict | list):
        problem = tabular.NESTED if isinstance(value, dict) else "is neither text nor a number"
        reason = f"whose {column!r} {problem}"
        raise UnusableRowError(location, column, f"{problem}: fix the row", reason)
    missing = value is None or value != value  # noqa: PLR0124  # NaN differs from itself
    text = "" if missing else str(value).strip()
    if not text:
        problem = "is empty: fill it, remove the row"
        if column not in row:
            advice = tabular.spelling_advice(column, row) or "check the csv settings"
            problem = f"is missing; the row has {tabular.list_columns(row)}: {advice}"
        raise UnusableRowError(location, column, problem, f"without {column!r}")
    return text


def _short(text: str) -> str:
    return repr(shorten(text, SHOWN, placeholder="…"))
