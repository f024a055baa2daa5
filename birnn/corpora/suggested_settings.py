"""Settings that fit the user's own files, guessed from some of their rows."""

import re
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from birnn.core.errors import InputError
from birnn.core.settings import Csv, label_key
from birnn.corpora import tabular
from birnn.corpora.labelled_files import LabelledFiles
from birnn.corpora.review import SPLITS

SAMPLE = 1_000  # rows, at most
TEST_FRACTION = 0.2

LABEL_COLUMNS = ("label", "sentiment", "star", "rating", "score", "class", "target", "polarity")
MOST_LABELS = 12
# Common labels: positive and negative.
WORDS = (
    {"positive", "pos", "good", "true", "yes", "spam"},
    {"negative", "neg", "bad", "false", "no", "ham"},
)
INTEGER = re.compile(r"(-?\d{1,3})( stars?)?")
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
    """Return the settings that must change to fit a file.

    Raises:
        InputError: the file is missing or damaged, or has no columns of texts and labels.
    """
    file = LabelledFiles(csv, folder).find(csv.train)[0]
    changes: dict[str, Any] = {}
    if count_swallowed_lines(csv, file):
        changes["quoting"] = tabular.NONE
    try:
        columns = _sample(csv.model_copy(update=changes), file)
    except InputError:
        columns = {}
    if len(columns) < 2:  # noqa: PLR2004  # the delimiter is another
        changes |= {"encoding": tabular.AUTO, "delimiter": tabular.AUTO}
        columns = _sample(csv.model_copy(update=changes), file)
    text = csv.text_column
    if text not in columns:
        text = max(columns, key=lambda name: _mean_length(columns[name]), default="")
    labelled = [
        name
        for name in columns
        if name != text and (_fits(csv, columns[name]) or _labels_in(columns[name]))
    ]
    # False sorts before true.
    labelled.sort(
        key=lambda name: (
            not _fits(csv, columns[name]),
            not any(part in name.lower() for part in LABEL_COLUMNS),
            not _classes(columns[name]),
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
    changes |= _split(csv, folder, columns)
    for name in ("id_column", "group_column"):
        if getattr(csv, name) not in columns:
            changes[name] = None
    return changes


def count_swallowed_lines(csv: Csv, file: Path) -> int:
    """Return the number of lines of a tab-separated file that a quote in another line swallows."""
    form = LabelledFiles(csv).form
    if form.quoting == tabular.NONE or tabular.detect(file, (), form).delimiter != "\t":
        return 0
    counts = dict.fromkeys((tabular.NONE, tabular.MINIMAL), 0)
    for quoting in counts:
        with suppress(InputError):
            rows = tabular.read(file, (), replace(form, quoting=quoting))
            counts[quoting] = sum(1 for _ in rows)
    return max(0, counts[tabular.NONE] - counts[tabular.MINIMAL])


def _sample(csv: Csv, file: Path) -> dict[str, Values]:
    """Return the keys of the values of some rows by column; missing values are left out."""
    form = LabelledFiles(csv).form
    # Rows may be sorted by label.
    step = sum(1 for _ in tabular.read(file, (), form)) // SAMPLE + 1
    columns: dict[str, Values] = {}
    for _, row in islice(tabular.read(file, (), form), 0, None, step):
        for name, value in row.items():
            values = columns.setdefault(name, Counter())
            if isinstance(value, str | int | float) and (key := label_key(value)) not in {
                "",
                "nan",
            }:
                values[key] += 1
    return columns


def _mean_length(values: Values) -> float:
    return sum(len(value) * count for value, count in values.items()) / max(values.total(), 1)


def _is_value(name: str, columns: dict[str, Values]) -> bool:
    """Return whether the name of a column is a value of it, because the file has no header."""
    names = [name for name in columns if name]
    if names == [str(number) for number in range(len(names))]:  # a header by pandas
        return False
    return label_key(name) in columns[name] or bool(re.fullmatch(r"-?\d+(\.\d+)?", name))


def _fits(csv: Csv, values: Values) -> bool:
    """Return whether the labels in the settings occur in a column."""
    return {*map(LabelledFiles(csv).find_class, values)} >= {0, 1}


def _labels(csv: Csv, values: Values) -> dict[str, Any]:
    """Return the labels of both classes, unless those in the settings occur."""
    if _fits(csv, values):
        return {}
    if found := _labels_in(values):
        return {"positive": found[0], "negative": found[1]}
    common = ", ".join(value for value, _ in values.most_common(10))
    raise InputError(
        f"the labels are {common}: name two of them, as in "
        f"-S \"csv.positive='{common.split(', ')[0]}'\", and csv.negative likewise"
    )


def _labels_in(values: Values) -> tuple[Any, Any] | None:
    """Return the positive and the negative labels, or comparisons with the middle of scores."""
    return _classes(values) or _cut(values)


def _classes(values: Values) -> tuple[Any, Any] | None:
    """Return the positive and the negative labels of a column, if they are common ones."""
    words = [[value for value in values if value in known] for known in WORDS]
    if all(words) and len(values) <= MOST_LABELS:
        return tuple(found if len(found) > 1 else found[0] for found in words)  # type: ignore[return-value]
    numbers = {value: int(found[1]) for value in values if (found := INTEGER.fullmatch(value))}
    different = {*numbers.values()}
    if len(numbers) < len(values):
        return None
    for positive, negative, between in SCALES:
        if different <= {*positive, *negative, *between} and all(
            different & {*labels} for labels in (positive, negative)
        ):
            classes = (positive, negative)
            if not any("star" in value for value in values):
                return classes
            return tuple([v for v in sorted(numbers) if numbers[v] in each] for each in classes)  # type: ignore[return-value]
    return None


def _cut(values: Values) -> tuple[str, str] | None:
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
    """Return the settings of the split: as they are, a column that contains test, or random."""
    if csv.split_column is None and isinstance(csv.test, float):
        return {}
    if csv.split_column is None and csv.test:
        with suppress(InputError):
            if all(file.exists() for file in LabelledFiles(csv, folder).find(str(csv.test))):
                return {}
    for name in dict.fromkeys([csv.split_column, *columns]):
        values = {*columns.get(str(name), ())}
        if "test" in values and len(values) <= len(SPLITS) + 2:
            return {"split_column": name, "test": None if values == {*SPLITS} else "test"}
    return {"split_column": None, "test": TEST_FRACTION}
