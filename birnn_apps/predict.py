"""Predict the class of texts."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from birnn.core.batching import batched
from birnn.core.outputs import atomic_file
from birnn.evaluation.model_names import ALL_TITLES, TITLES
from birnn.runtime.errors import InputError
from birnn_apps import explanation
from birnn_apps.api_models import Prediction
from birnn_apps.classifier import Classifier
from birnn_apps.input_texts import Text
from birnn_apps.terminal import printable

EXCERPT = 60  # characters of a text that are printed
EXTENSIONS = (".csv", ".jsonl")


def compare(texts: Iterable[Text], classifiers: Sequence[Classifier]) -> None:
    """Print each text, and what each model predicts for it."""
    contents = [text.content for text in texts]
    predicted = [classifier.describe(classifier.predict(contents)) for classifier in classifiers]
    for text, *rows in zip(contents, *predicted, strict=True):
        print(_excerpt(text))
        for classifier, row in zip(classifiers, rows, strict=True):
            print(f"  {ALL_TITLES[classifier.name]:9} {_describe(row, classifier)}", flush=True)


def run(
    texts: Iterable[Text],
    load: Callable[[], Classifier],
    output: Path | None,
    columns: Callable[[], Sequence[str]],
) -> None:
    """Predict the class of texts and print one line per text, or write a table to `output`.

    The table starts with the columns of the input.
    """
    if output and output.suffix.lower() not in EXTENSIONS:
        raise InputError(f"{output} has an unsupported extension: use {' or '.join(EXTENSIONS)}")
    names = columns() if output else []
    classifier = load()
    limit = f"{classifier.classes[1]} above {classifier.threshold:.4g}"
    print(f"{ALL_TITLES[classifier.name]}, {limit}", file=sys.stderr)
    batches = _predict(texts, classifier, show_progress=output is not None)
    if output:
        # An empty batch at the end: an output file has its columns even without texts.
        tables = (_tabulate(*batch, classifier, names) for batch in chain(batches, [([], [])]))
        _write(output, tables)
        return
    for batch, predicted in batches:
        for text, row in zip(batch, predicted, strict=True):
            print(f"{_describe(row, classifier)}  {_excerpt(text.content)}", flush=True)


def _predict(
    texts: Iterable[Text], classifier: Classifier, *, show_progress: bool
) -> Iterator[tuple[list[Text], list[Prediction]]]:
    """Yield batches of texts and their predictions."""
    # With disable=None, the bar is shown only in a terminal.
    with tqdm(unit=" texts", disable=None if show_progress else True, delay=2) as progress:
        for batch in batched(texts, _count_characters):
            predicted = classifier.predict([text.content for text in batch])
            yield batch, classifier.describe(predicted)
            progress.update(len(batch))


def _tabulate(
    texts: Sequence[Text],
    predicted: Sequence[Prediction],
    classifier: Classifier,
    names: Sequence[str],
) -> pd.DataFrame:
    """Return the columns of the input, or without `names` the text, followed by the predictions.

    A column of the predictions whose name is taken gets a prefix.
    """
    if names:
        table = pd.DataFrame([text.row for text in texts], columns=[*names], dtype=object)
    else:
        table = pd.DataFrame({"text": _strings(text.content for text in texts)})
    numbers = {
        "probability": [row.probability for row in predicted],
        **{name: [row.models.get(name) for row in predicted] for name in classifier.models},
        "known": [row.known for row in predicted],
    }
    added = {
        "source": _strings(text.source for text in texts),
        "label": _strings(row.label for row in predicted),
        **{name: pd.Series(values, dtype="float32") for name, values in numbers.items()},
    }
    for name, values in added.items():
        free = name
        while free in table:
            free = f"predicted_{free}"
        table[free] = values
    return table


def _flatten(value: Any) -> Any:
    """Return a nested value as JSON."""
    is_nested = isinstance(value, dict | list)
    return json.dumps(value, ensure_ascii=False, default=str) if is_nested else value


def _strings(values: Iterable[str | None]) -> pd.Series:
    return pd.Series(list(values), dtype="str")


def _write(file: Path, tables: Iterable[pd.DataFrame]) -> None:
    """Write rows to a .csv or .jsonl file, which appears only if all tables are read."""
    options: Any = {"index": False, "lineterminator": "\n", "quoting": csv.QUOTE_NONNUMERIC}
    with (
        atomic_file(file) as temporary,
        temporary.open("w", encoding="utf-8", errors="replace", newline="") as output,
    ):
        for table in tables:
            if file.suffix.lower() == ".csv":
                # Quoted: otherwise, a carriage return in a text would end the row for most readers.
                table.map(_flatten).to_csv(output, header=output.tell() == 0, **options)
            else:  # pandas would round numbers, and refuse lone surrogates
                rows = table.astype(object).where(table.notna(), None).to_dict("records")
                lines = (json.dumps(row, ensure_ascii=False, default=str) for row in rows)
                output.writelines(f"{line}\n" for line in lines)


def _count_characters(text: Text) -> int:
    return sum(len(value) for value in text.row.values() if isinstance(value, str))


def _excerpt(text: str) -> str:
    start = printable(text[: EXCERPT + 1])
    return f"{start[:EXCERPT]}…" if len(start) > EXCERPT else start or "(empty)"


def _describe(row: Prediction, classifier: Classifier) -> str:
    note = explanation.note(row.known)
    if not row.known:
        return note
    by_model = ", ".join(f"{TITLES[name]} {value:.4f}" for name, value in row.models.items())
    each = f" ({by_model})" if len(row.models) > 1 else ""
    value = f"probability of {classifier.classes[1]} {row.probability:.4f}"
    return "; ".join(filter(None, [f"{row.label}, {value}{each}", note]))
