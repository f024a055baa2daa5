"""Check the user's own files without training, and find settings that fit them."""

import math
import re
import shlex
import tempfile
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from birnn.core import paths, settings
from birnn.core.errors import InputError
from birnn.core.overrides import literal
from birnn.core.settings import Csv, Settings, label_key
from birnn.corpora import corpus_statistics, sources, store, tabular
from birnn.corpora.labelled_files import LabelledFiles, UnusableRowError
from birnn.corpora.review import SPLITS
from birnn.evaluation.model_names import NETWORKS
from birnn.text import encoding, tokenizer

SAMPLE = 1_000  # rows from which settings are suggested
MOST_TRUNCATED = 0.05  # share of training reviews that the suggested maxlen truncates
TEST_FRACTION = 0.2

LABEL_COLUMNS = ("label", "sentiment", "star", "rating", "score", "class", "target", "polarity")
MOST_LABELS = 12
# Common labels: positive and negative.
WORDS = ({"positive", "pos", "good", "true", "yes"}, {"negative", "neg", "bad", "false", "no"})
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


def check(file: Path | None) -> None:
    """Print what the stage fetch would make of the files, and settings that fit if these do not.

    Args:
        file: the file to check instead of `csv.train`; a test file is next to it.

    Raises:
        InputError: a file is missing or damaged, or no settings fit it.
    """
    current = settings.load(networks=NETWORKS)
    folder = file.parent if file else paths.OWN
    changes: dict[str, Any] = {"train": file.name} if file else {}
    try:
        lines = _measure(_changed(current, changes), folder)
    except InputError as error:
        suggested = suggest(_changed(current, changes).csv, folder)
        try:
            lines = _measure(_changed(current, changes | suggested), folder)
        except UnusableRowError:
            suggested["unusable"] = "skip"
            lines = _measure(_changed(current, changes | suggested), folder)
        print(f"The settings do not fit: {error}.\n\nWith the settings below, fetch would read:\n")
        changes |= suggested
    print("\n".join(lines))
    if file and folder.resolve() != paths.OWN.resolve():
        print(f"\nTo use this file, run: {_copy_command(_changed(current, changes).csv, folder)}")
    print(f"\nTo train, run: {_command(current, changes)}")


def suggest(csv: Csv, folder: Path) -> dict[str, Any]:
    """Return the settings that must change to fit a file, guessed from its first rows.

    Raises:
        InputError: the file is missing or damaged, or has no header or no columns of texts and
            labels.
    """
    file = LabelledFiles(csv, folder).find(csv.train)[0]
    changes: dict[str, Any] = {}
    try:
        columns = _sample(file, tabular.Format(csv.encoding, csv.delimiter))
    except InputError:
        columns = {}
    if len(columns) < 2:  # noqa: PLR2004  # the delimiter is another
        changes |= {"encoding": tabular.AUTO, "delimiter": tabular.AUTO}
        columns = _sample(file, tabular.DETECTED)
    classes = {name: _classes(values) for name, values in columns.items()}
    text = csv.text_column
    if text not in columns:
        text = max(columns, key=lambda name: _mean_length(columns[name]), default="")
    labelled = [name for name, found in classes.items() if found and name != text]
    # False sorts before true.
    labelled.sort(key=lambda name: not any(part in name.lower() for part in LABEL_COLUMNS))
    label = csv.label_column if csv.label_column in columns else next(iter(labelled), None)
    if label is None:
        raise InputError(
            f"{file} has no column that looks like a label. Its columns are: {', '.join(columns)}. "
            "Set csv.label_column, csv.positive and csv.negative"
        )
    names = [name for name in columns if name]
    numbered = names == [str(number) for number in range(len(names))]  # a header by pandas
    if label != csv.label_column and label_key(label) in columns[label] and not numbered:
        raise InputError(
            f"{file} has no header: its first row has the label {label!r}. Insert a line that "
            f"names its {len(columns)} columns, such as text and label"
        )
    changes |= {"text_column": text, "label_column": label} | _labels(csv, columns[label])
    changes |= _split(csv, folder, columns)
    for name in ("id_column", "group_column"):
        if getattr(csv, name) not in columns:
            changes[name] = None
    return changes


def _sample(file: Path, given: tabular.Format) -> dict[str, Counter[str]]:
    """Return the keys of the values of the first rows by column; missing values are left out."""
    columns: dict[str, Counter[str]] = {}
    for _, row in islice(tabular.read(file, (), given), SAMPLE):
        for name, value in row.items():
            values = columns.setdefault(name, Counter())
            if isinstance(value, str | int | float) and (key := label_key(value)) not in {
                "",
                "nan",
            }:
                values[key] += 1
    return columns


def _mean_length(values: Counter[str]) -> float:
    return sum(len(value) * count for value, count in values.items()) / max(values.total(), 1)


def _labels(csv: Csv, values: Counter[str]) -> dict[str, Any]:
    """Return the labels of both classes, unless those in the settings occur."""
    known = {
        name: {label_key(label) for label in settings.as_list(getattr(csv, name))}
        for name in ("positive", "negative")
    }
    if all(known[name] & values.keys() for name in known):
        return {}
    if found := _classes(values):
        return {"positive": found[0], "negative": found[1]}
    common = ", ".join(value for value, _ in values.most_common(10))
    raise InputError(f"the labels are {common}: set csv.positive and csv.negative to two of them")


def _classes(values: Counter[str]) -> tuple[Any, Any] | None:
    """Return the positive and the negative labels of a column, if they are common ones."""
    words = [[value for value in values if value in known] for known in WORDS]
    if all(words) and len(values) <= MOST_LABELS:
        return tuple(found if len(found) > 1 else found[0] for found in words)  # type: ignore[return-value]
    numbers = {int(value) for value in values if re.fullmatch(r"-?\d{1,3}", value)}
    if len(numbers) < len(values):
        return None
    for positive, negative, between in SCALES:
        if numbers <= {*positive, *negative, *between} and all(
            numbers & {*labels} for labels in (positive, negative)
        ):
            return positive, negative
    return None


def _split(csv: Csv, folder: Path, columns: dict[str, Counter[str]]) -> dict[str, Any]:
    """Return the settings of the split: as they are, a column that contains test, or random."""
    if csv.split_column is None and (
        isinstance(csv.test, float) or any(folder.glob(str(csv.test)))
    ):
        return {}
    for name in dict.fromkeys([csv.split_column, *columns]):
        values = {*columns.get(str(name), ())}
        if "test" in values and len(values) <= len(SPLITS) + 2:
            return {"split_column": name, "test": None if values == {*SPLITS} else "test"}
    return {"split_column": None, "test": TEST_FRACTION}


def _changed(current: Settings, changes: dict[str, Any]) -> Settings:
    """Return settings with a changed section csv; fetch reads the user's files."""
    csv = Csv.model_validate(current.csv.model_dump() | changes)
    fetch = current.fetch.model_copy(update={"source": "csv"})
    return current.model_copy(update={"csv": csv, "fetch": fetch})


def _copy_command(csv: Csv, folder: Path) -> str:
    """Return the command that copies the training file and a separate test file, or folders."""
    names = [csv.train]
    if isinstance(csv.test, str) and csv.split_column is None:
        names.append(csv.test)
    inputs = dict.fromkeys(
        path
        for name in names
        for path in (
            [folder / name] if (folder / name).is_dir() else LabelledFiles(csv, folder).find(name)
        )
    )
    recursive = "-r " * any(path.is_dir() for path in inputs)
    return f"cp {recursive}{shlex.join(map(str, inputs))} {paths.OWN}/"


def _command(current: Settings, changes: dict[str, Any]) -> str:
    """Return the command that trains with the changed settings."""
    before = settings.flatten(current.model_dump())
    after = settings.flatten(_changed(current, changes).model_dump())
    options = [f"{name}={literal(after[name])}" for name in after if after[name] != before[name]]
    return " ".join(["dvc exp run", *(f"-S {_quoted(option)}" for option in options)])


def _quoted(option: str) -> str:
    """Quote an option for the shell; double quotes are easier to read around single ones."""
    if "'" in option and not re.search(r'["$`\\!]', option):
        return f'"{option}"'
    return shlex.quote(option)


def _measure(changed: Settings, folder: Path) -> list[str]:
    """Return lines about the corpus that fetch would write with these settings."""
    corpus = sources.own(changed, folder)
    refuse = changed.fetch.overlap == "refuse"
    with tempfile.TemporaryDirectory() as name:
        temporary = Path(name)
        overlap = store.write(corpus, temporary, refuse_overlap=refuse)["overlap"]
        words = tokenizer.read(temporary / paths.RANKED_WORDS.name)
        known = encoding.limit(words, changed.pad.num_words)
        train, test = (
            corpus_statistics.measure(temporary / f"{split}.parquet", known) for split in SPLITS
        )
    positive = corpus.classes[1]
    rows = corpus_statistics.tabulate(train, test, overlap, changed.pad.maxlen, positive)
    fitting = np.quantile(train.lengths, 1 - MOST_TRUNCATED) + 1  # the start
    maxlen = min(math.ceil(fitting / 10) * 10, 10_000)
    return [
        *corpus.describe(),
        f"{'':34}{'train':>12}{'test':>12}",
        *(f"{title:34}{values[0]:>12}{values[1]:>12}" for title, values in rows.items()),
        "",
        f"Of the {len(words):,} different words in train, pad.num_words includes {len(known):,}.",
        f"With pad.maxlen={maxlen}, at most {MOST_TRUNCATED:.0%} of train would be truncated.",
    ]
