"""Settings that fit the user's own files, guessed from some of their rows."""

import heapq
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np

from birnn.core import command_line
from birnn.core.errors import InputError
from birnn.core.settings import Csv, label_key
from birnn.own_data import labelled_files, tabular
from birnn.reviews.corpus import SPLITS

SAMPLE = 1_000  # rows, at most
TEST_FRACTION = 0.2
TRAIN = SPLITS[0]
TEST = re.compile(r"test(ing)?( set)?")  # values of a split column

LABEL_COLUMNS = (
    *("label", "sentiment", "star", "stars", "rating", "overall", "score", "class", "target"),
    *("polarity", "recommended", "voted_up", "liked"),
)
MOST_LABELS = 12
STRAY = 0.01  # share of a column below which a value is no label
# Common labels: positive and negative.
WORDS = (
    {"positive", "pos", "good", "true", "yes", "y", "spam"},
    {"negative", "neg", "bad", "false", "no", "n", "ham"},
)
INTEGER = re.compile(r"(-?(?:0|[1-9]\d{0,2}))( stars?)?")
# Common scales: positive, negative and neutral. Of several that contain all labels, the first is
# suggested.
SCALES: tuple[tuple[list[int], list[int], list[int]], ...] = (
    ([1], [0], []),
    ([1], [-1], [0]),
    ([2], [1], []),
    ([4], [0], [2]),
    ([4, 5], [1, 2], [3]),
    # As in the Large Movie Review Dataset.
    ([7, 8, 9, 10], [0, 1, 2, 3, 4], [5, 6]),
)
LARGEST_SCORE = 100

Values = Counter[str]
"""The number of rows with each value of a column."""


def suggest(csv: Csv, folder: Path) -> dict[str, Any]:
    """Return the settings that must change to fit a file."""
    files = labelled_files.find(folder, csv.train)
    file, changes = files[0], dict[str, Any]()
    if count_swallowed_lines(csv, file):
        changes["quoting"] = tabular.NONE
    try:
        columns = _sample(csv.model_copy(update=changes), files)
    except InputError:
        columns = {}
    if len(columns) < 2:  # noqa: PLR2004  # the delimiter is another
        changes |= {"encoding": tabular.AUTO, "delimiter": tabular.AUTO}
        columns = _sample(csv.model_copy(update=changes), files)
    if not columns:
        raise InputError(f"{file} has no rows: add labelled texts")
    text = csv.text_column
    if text not in columns:
        text = _longest([name for name in columns if name not in {"", csv.label_column}], columns)
    if not text or not columns.get(text):
        raise InputError(
            f"{file} has no column of texts. Its columns are: {tabular.list_columns(columns)}. Set "
            "csv.text_column"
        )
    labelled = [
        name
        for name in columns
        if name != text and (_fits(csv, columns[name]) or _labels_in(columns[name]))
    ]
    # False sorts before true.
    labelled.sort(
        key=lambda name: (
            not _fits(csv, columns[name]),
            name.lower() not in LABEL_COLUMNS,
            not any(part in name.lower() for part in LABEL_COLUMNS),
            not _common_labels(columns[name]),
        )
    )
    label = csv.label_column if csv.label_column in columns else next(iter(labelled), None)
    if label is None:
        raise InputError(
            f"{file} has no column that looks like a label. Its columns are: "
            f"{tabular.list_columns(columns)}. Set csv.label_column, csv.positive and "
            "csv.negative, and csv.columns if it has no header"
        )
    if not csv.columns and label != csv.label_column and _is_value(label, columns):
        names = {text: "text", label: "label"}
        changes["columns"] = [
            names.get(name, f"column{number}") for number, name in enumerate(columns, start=1)
        ]
        return changes | suggest(csv.model_copy(update=changes), folder)
    changes |= {"text_column": text, "label_column": label} | _labels(csv, columns[label])
    changes |= _split(csv.model_copy(update=changes), folder, columns)
    # These columns have no substitute.
    required = [name for name in (csv.id_column, csv.group_column) if name is not None]
    tabular.require_columns(required, list(columns), str(file))
    return changes


def count_swallowed_lines(csv: Csv, file: Path) -> int:
    """Return the number of lines that a quote in another line swallows.

    With commas, which a quoted text may contain, the number is 0.
    """
    form = labelled_files.requested_format(csv)
    delimiter = tabular.detect(file, (), form).delimiter
    if form.quoting == tabular.NONE or delimiter in {",", tabular.AUTO}:
        return 0
    counts = dict.fromkeys((tabular.NONE, tabular.MINIMAL), 0)
    for quoting in counts:
        with suppress(InputError):
            rows = tabular.read(file, (), replace(form, quoting=quoting))
            counts[quoting] = sum(1 for _ in rows)
    return max(0, counts[tabular.NONE] - counts[tabular.MINIMAL])


def _sample(csv: Csv, files: Sequence[Path]) -> dict[str, Values]:
    """Return the keys of the values of random rows by column; missing values are left out."""
    form = labelled_files.requested_format(csv)
    rows = (row for file in files for _, row in tabular.read(file, (), form))
    generator = np.random.default_rng(0)
    columns: dict[str, Values] = {}
    # Rows may be sorted by label, or alternate.
    for row in heapq.nlargest(SAMPLE, rows, key=lambda _: generator.random()):
        for name, value in row.items():
            values = columns.setdefault(name, Counter())
            is_label = not isinstance(value, bytes | dict | list | None)
            if is_label and (key := label_key(value)) not in {"", "nan"}:
                values[key] += 1
    return columns


def _longest(names: Sequence[str], columns: dict[str, Values]) -> str:
    """Return the column with most letters, of those with texts in most rows if there are any."""
    rows = max(values.total() for values in columns.values())

    def length(name: str) -> tuple[bool, int]:
        # An address or identifier is ASCII without spaces.
        texts = sum(n for each, n in columns[name].items() if " " in each or not each.isascii())
        letters = sum(sum(map(str.isalpha, each)) * n for each, n in columns[name].items())
        return 2 * texts > rows, letters

    return max(names, key=length, default="")


def _is_value(name: str, columns: dict[str, Values]) -> bool:
    """Return whether the name of a column is a value of it, because the file has no header."""
    names = [name for name in columns if name]
    if names == [str(number) for number in range(len(names))]:  # a header by pandas
        return False
    return label_key(name) in columns[name] or bool(re.fullmatch(r"-?\d+(\.\d+)?", name))


def _fits(csv: Csv, values: Values) -> bool:
    """Return whether the labels in the settings occur in a column."""
    return {labelled_files.find_class(csv, value) for value in values} >= {0, 1}


def _labels(csv: Csv, values: Values) -> dict[str, Any]:
    """Return the labels of both classes, unless those in the settings occur."""
    if _fits(csv, values):
        return {}
    if found := _labels_in(values):
        return {"positive": found[0], "negative": found[1]}
    common = [value for value, _ in values.most_common(10)]
    shown = shorten(", ".join(common), 200, placeholder="…")
    if len(values) <= 1:
        raise InputError(f"all labels are {shown or 'empty'}: add texts of the other class")
    example = command_line.option("csv.positive", common[0])
    raise InputError(
        f"the labels are {shown}: name two of them, as in -S {example}, and csv.negative likewise"
    )


def _labels_in(values: Values) -> tuple[Any, Any] | None:
    """Return the positive and the negative labels, or comparisons with the middle of scores."""
    frequent = Counter({each: n for each, n in values.items() if n >= STRAY * values.total()})
    if len(frequent) > 1:
        values = frequent
    return _common_labels(values) or _comparisons(values)


def _common_labels(values: Values) -> tuple[Any, Any] | None:
    """Return the positive and the negative labels of a column, if they are common ones."""
    words = [[value for value in values if value in known] for known in WORDS]
    if all(words) and len(values) <= MOST_LABELS:
        return tuple(found if len(found) > 1 else found[0] for found in words)  # type: ignore[return-value]
    numbers = {value: int(found[1]) for value in values if (found := INTEGER.fullmatch(value))}
    different = {*numbers.values()}
    if len(numbers) < len(values):
        return None
    for positive, negative, between in SCALES:
        # The largest number tells a scale of 7 from one of 10.
        if (
            different <= {*positive, *negative, *between}
            and all(different & {*labels} for labels in (positive, negative))
            and (max(different) > positive[0] or len(positive) == 1)
        ):
            classes = (positive, negative)
            if not any("star" in value for value in values):
                return classes
            return tuple([v for v in sorted(numbers) if numbers[v] in each] for each in classes)  # type: ignore[return-value]
    return None


def _comparisons(values: Values) -> tuple[str, str] | None:
    """Return comparisons with the middle of scores; values that never repeat are no scores."""
    try:
        numbers = [*map(float, values)]
    except ValueError:
        return None
    low, high = min(numbers, default=0), max(numbers, default=0)
    if not -LARGEST_SCORE <= low < high <= LARGEST_SCORE or len(numbers) == values.total():
        return None
    middle = 0 if low < 0 < high else round((low + high) / 2, 1)
    return f">{middle:g}", f"<{middle:g}"


def _split(csv: Csv, folder: Path, columns: dict[str, Values]) -> dict[str, Any]:
    """Return the settings of the split.

    It is as the settings say, else by a column of train and test, else by file, else random.
    """
    if csv.split_column is None and isinstance(csv.test, float):
        return {}
    splits = {*columns.get(str(csv.split_column), ())}
    if csv.test is not None and label_key(csv.test) in splits:
        return {}
    if isinstance(csv.test, str) and csv.split_column not in columns:
        files = labelled_files.find(folder, csv.test)
        if _can_be_used(csv, files):
            return {"split_column": None}
        if csv.split_column is None and not files[0].exists():
            raise InputError(f"{files[0]} does not exist: check csv.test")
    others = columns.keys() - {csv.text_column, csv.label_column}
    for name in [csv.split_column, *(name for name in columns if name in others)]:
        values = {*columns.get(str(name), ())}
        tests = [value for value in values if TEST.fullmatch(value)]
        test = tests[0] if len(tests) == 1 else "".join(values - {TRAIN})
        if values == {TRAIN, test} or (tests == [test] and 1 < len(values) <= len(SPLITS) + 2):
            return {"split_column": name, "test": None if values == {*SPLITS} else test}
    return {"split_column": None, "test": _test_file(csv, folder) or TEST_FRACTION}


def _test_file(csv: Csv, folder: Path) -> str | None:
    """Return the file next to the training files that is named test, if its rows can be used."""
    train = labelled_files.find(folder, csv.train)
    _, _, extension = train[0].name.partition(".")
    name = re.compile(rf"(?i)test([^a-z.].*)?\.{re.escape(extension)}")
    found = [file for file in train[0].parent.iterdir() if name.fullmatch(file.name)]
    if len(found) != 1 or train == found or not _can_be_used(csv, found):
        return None
    return found[0].relative_to(folder).as_posix()


def _can_be_used(csv: Csv, files: Sequence[Path]) -> bool:
    """Return whether files have the columns and the labels of both classes."""
    with suppress(InputError, OSError):
        columns = _sample(csv, files)
        needed = {csv.text_column, csv.label_column, csv.id_column, csv.group_column} - {None}
        return needed <= columns.keys() and _fits(csv, columns[csv.label_column])
    return False
