"""Settings that fit the user's own files, guessed from the values of their columns."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Any

from birnn.reviews.corpus import SPLITS
from birnn.runtime.errors import InputError
from birnn.sources import labelled_files, tabular
from birnn.sources.labelled_files import LabelledFiles
from birnn.sources.settings import Csv, label_key
from birnn_apps import file_formats

MOST_LABELS = 20
MEAN_ROWS = 5  # per label, of a column with more labels that could be the labels
TEST_FRACTION = 0.2
UNCLEAR = "…"  # a setting that the user must choose
RESET = {"columns": None, "unlabelled": None, "quoting": "minimal", "unusable": "refuse"}
RESET |= {"delimiter": None, "encoding": file_formats.UTF_8}

TEXT = re.compile(r" |[^\0-\x7f]")  # not in addresses and ids
RATING_NAME = re.compile(r"rating|score|stars?(?![a-z])", re.IGNORECASE)
LABEL_NAME = re.compile(rf"label|class|sentiment|{RATING_NAME.pattern}", re.IGNORECASE)
POSITIVE = re.compile(r"y(es)?|t(rue)?|pos(it.*)?|spam")
RATING = re.compile(r"(\d\d?)(\.0)?( stars?)?")
# By the best possible rating: the best negative and the worst positive one.
SCALES = {5: (2, 4), 10: (4, 7)}


def suggest(csv: Csv, given: Collection[str], folder: Path) -> tuple[Csv, list[str]]:
    """Return settings that fit a file, and lines about them; those `given` stay as they are.

    The user must choose those that are `UNCLEAR`.
    """
    change = partial(file_formats.change, given)
    files = labelled_files.find(folder, csv.train)
    named = [csv.text_column, csv.label_column]
    starts = [csv, change(csv, **RESET)]
    attempts = [file_formats.detect(files[0], named, start, given) for start in starts]
    if not file_formats.quotes_swallow_lines(files[0], csv):
        attempts.insert(0, csv)
    for attempt in attempts:
        if _have_both_classes(attempt, folder):
            return attempt, []
    csv = attempts[-1]
    columns = file_formats.count_values(files, csv)
    optional = [name for name in ("id_column", "group_column") if getattr(csv, name) not in columns]
    csv = change(csv, text_column=_text_column(csv, columns), **dict.fromkeys(optional))
    candidates = _label_candidates(csv, columns)
    required = [csv.text_column]
    if "label_column" in given or not candidates:
        required.append(csv.label_column)
    tabular.require_columns(required, [*columns], files[0])
    titles_are_labels = candidates and all(name in columns[name] for name in candidates)
    if TEXT.search(csv.text_column) and titles_are_labels:  # the first line is data
        header = [f"column{number}" for number in range(1, len(columns) + 1)]
        return suggest(change(csv, columns=header), {*given, "columns"}, folder)
    csv = change(csv, label_column=_label_column(csv, candidates, columns))
    lines = _describe_labels(csv, candidates, columns)
    positive, negative = _classes(csv, given, columns.get(csv.label_column, Counter()))
    csv = change(csv, positive=positive, negative=negative)
    if UNCLEAR in (csv.label_column, csv.positive):
        return csv, lines
    splits = [change(csv, **split) for split in _splits(csv, columns, folder)]
    options = [option for csv in splits for option in (csv, change(csv, unusable="skip"))]
    usable = (option for option in options if _have_both_classes(option, folder))
    csv = next(usable, options[-1])
    if csv.test == TEST_FRACTION and "test" not in given:
        lines.append("No split column: a fifth is drawn for testing.")
    return csv, lines


def _have_both_classes(csv: Csv, folder: Path) -> bool:
    """Return whether the files can be read, and both splits have texts of both classes."""
    with suppress(InputError):
        parts = {(review.split, review.label) for review in LabelledFiles(csv, folder).read()}
        return len(parts) == 2 * len(SPLITS)
    return False


def _text_column(csv: Csv, columns: dict[str, Counter[str]]) -> str:
    """Return the known column, or else the one with most letters, of those with mostly texts."""
    if csv.text_column in columns:
        return csv.text_column
    letters = {
        name: sum(map(str.isalpha, "".join(values)))
        for name, values in columns.items()
        if 2 * len([*filter(TEXT.search, values)]) > len(values)
    }
    return max(letters, key=lambda name: letters[name], default=csv.text_column)


def _label_candidates(csv: Csv, columns: dict[str, Counter[str]]) -> list[str]:
    """Return the columns with few values, or else the columns whose values are frequent."""
    others = {
        name: values
        for name, values in columns.items()
        if len(values) > 1 and name not in {"", csv.text_column} and not _test_value(values)
    }
    few = [name for name, values in others.items() if len(values) <= MOST_LABELS]
    return few or [
        name for name, values in others.items() if MEAN_ROWS * len(values) <= values.total()
    ]


def _label_column(csv: Csv, candidates: list[str], columns: dict[str, Counter[str]]) -> str:
    """Return the known column, or else the only candidate with such a name, or the only one."""
    if csv.label_column in (candidates or columns):
        return csv.label_column
    named = [name for name in candidates if LABEL_NAME.search(name)]
    return next((names[0] for names in (named, candidates) if len(names) == 1), UNCLEAR)


def _describe_labels(
    csv: Csv, candidates: list[str], columns: dict[str, Counter[str]]
) -> list[str]:
    """Return the frequent values of the chosen column and of the other candidates."""
    lines = ["Columns that could be labels:"]
    chosen = [csv.label_column] if csv.label_column in columns else []
    for name in dict.fromkeys(chosen + candidates):
        common = (f"{value} ({count:,})" for value, count in columns[name].most_common(MOST_LABELS))
        lines.append(f"  {name}: {shorten(', '.join(common), 200, placeholder='…')}")
    return lines


def _classes(csv: Csv, given: Collection[str], labels: Counter[str]) -> tuple[Any, Any]:
    """Return the positive and the negative labels of a column."""
    if csv.label_column != UNCLEAR and len(labels) <= 1:
        raise InputError(f"all labels are {''.join(labels) or 'empty'}: add texts of another class")
    if {labelled_files.find_class(csv, label) for label in labels} >= {0, 1}:
        return csv.positive, csv.negative
    if "positive" in given:
        return csv.positive, None
    if len(labels) == 2:  # noqa: PLR2004
        # The known positive one, or else the rarer one, is first.
        ordered = sorted(labels, key=lambda label: labels[label])
        ordered.sort(key=lambda label: not POSITIVE.fullmatch(label_key(label)))
        with suppress(ValueError):
            ordered.sort(key=float, reverse=True)
        return _typed(ordered[0]), _typed(ordered[1])
    matches = [(RATING.fullmatch(label_key(label)), label) for label in labels]
    ratings = sorted((int(match[1]), label) for match, label in matches if match)
    if RATING_NAME.search(csv.label_column) and len(ratings) == len(labels):
        for best, (low, high) in SCALES.items():
            if high < ratings[-1][0] <= best:
                positive = [_typed(label) for rating, label in ratings if rating >= high]
                return positive, [_typed(label) for rating, label in ratings if rating <= low]
    return UNCLEAR, None


def _typed(label: str) -> str | int:
    """Return an integer as such: as text, it would need quotes in a command."""
    key = label_key(label)
    return int(key) if re.fullmatch(r"0|-?[1-9]\d{0,9}", key) else label


def _test_value(values: Collection[str]) -> str | None:
    """Return the value that marks test texts if a column holds train and test."""
    train, test = ([v for v in values if label_key(v).startswith(split)] for split in SPLITS)
    return test[0] if train and len(test) == 1 and len(values) <= MOST_LABELS else None


def _splits(csv: Csv, columns: dict[str, Counter[str]], folder: Path) -> Iterator[dict[str, Any]]:
    """Yield settings of the split: as they are, by column, by test file, at random."""
    if csv.test is not None and not isinstance(csv.test, float):
        yield {}
    for name, values in columns.items():
        if test := _test_value(values):
            both = {*map(label_key, values)} == {*SPLITS}
            yield {"split_column": name, "test": None if both else test}
    train = Path(csv.train)
    named = re.compile(rf"(?i)({re.escape(train.stem)}.)?test([^a-z].*)?{re.escape(train.suffix)}")
    others = [file.name for file in folder.iterdir() if named.fullmatch(file.name)]
    same = csv.train.replace("train", "test").replace("Train", "Test")
    only = others if len(others) == 1 else []
    for rest in [same, *only, TEST_FRACTION]:
        yield {"split_column": None, "test": rest}
