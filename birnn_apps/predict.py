"""Predict the class of texts."""

import csv
import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from birnn.core.batching import batched
from birnn.core.outputs import atomic_file
from birnn.evaluation.model_names import ALL_TITLES, TITLES
from birnn.networks.log_odds import probability
from birnn.runtime.errors import InputError
from birnn_apps import explanation
from birnn_apps.classifier import Classifier
from birnn_apps.input_texts import Text
from birnn_apps.terminal import printable

EXCERPT = 60  # characters of a text that are printed
EXTENSIONS = (".csv", ".jsonl")


def compare(texts: Iterable[Text], classifiers: Sequence[Classifier]) -> None:
    """Print each text, and what each model predicts for it."""
    for text in texts:
        print(_excerpt(text.content))
        for classifier in classifiers:
            (row,) = predict(classifier, [text.content]).to_dict("records")
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

    def tables() -> Iterator[pd.DataFrame]:
        # With disable=None, the bar is shown only in a terminal.
        with tqdm(unit=" texts", disable=None if output else True, delay=2) as progress:
            # An empty batch at the end: an output file has its columns even without texts.
            for batch in chain(batched(texts, _count_characters), [[]]):
                table = predict(classifier, [text.content for text in batch])
                table.insert(0, "source", _strings(text.source for text in batch))
                yield _with_columns(table, batch, names)
                progress.update(len(batch))

    limit = f"{classifier.classes[1]} above {classifier.threshold:.4g}"
    print(f"{ALL_TITLES[classifier.name]}, {limit}", file=sys.stderr)
    if output:
        _write(output, tables())
        return
    for row in (row for table in tables() for row in table.to_dict("records")):
        print(f"{_describe(row, classifier)}  {_excerpt(row['text'])}", flush=True)


def predict(classifier: Classifier, texts: Sequence[str]) -> pd.DataFrame:
    """Return one row per text: text, label, probabilities, known words.

    The probabilities are of the positive class. If the share of known words is 0, label and
    probabilities are missing.
    """
    predicted = classifier.predict(texts)
    table = pd.DataFrame(
        {
            "text": _strings(texts),
            "label": _strings(map(classifier.classify, predicted.log_odds)),
            "probability": probability(predicted.log_odds),
            **{name: probability(odds) for name, odds in predicted.by_model.items()},
            "known": predicted.known,
        }
    )
    columns = ["label", "probability", *predicted.by_model]
    table[columns] = table[columns].mask(table["known"] == 0)
    return table


def _with_columns(
    predicted: pd.DataFrame, texts: Sequence[Text], names: Sequence[str]
) -> pd.DataFrame:
    """Return the columns of the input, if it is a table, followed by the predictions.

    The text is not repeated. A column of the predictions whose name is taken gets a prefix.
    """
    if not names:
        return predicted

    def free(name: str) -> str:
        return free(f"predicted_{name}") if name in names else name

    table = pd.DataFrame([text.row for text in texts], columns=[*names], dtype=object)
    return table.join(predicted.drop(columns="text").rename(columns=free))


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
                table.to_csv(output, header=output.tell() == 0, **options)
            elif len(table):
                table.to_json(
                    output, orient="records", lines=True, force_ascii=False, default_handler=str
                )


def _strings(values: Iterable[str]) -> pd.Series:
    return pd.Series(list(values), dtype="str")


def _count_characters(text: Text) -> int:
    return sum(len(value) for value in text.row.values() if isinstance(value, str))


def _excerpt(text: str) -> str:
    start = printable(text[: EXCERPT + 1])
    return f"{start[:EXCERPT]}…" if len(start) > EXCERPT else start or "(empty)"


def _describe(row: dict[Hashable, Any], classifier: Classifier) -> str:
    note = explanation.note(row["known"])
    if not row["known"]:
        return note
    by_model = ", ".join(f"{TITLES[name]} {row[name]:.4f}" for name in classifier.models)
    each = f" ({by_model})" if len(classifier.models) > 1 else ""
    value = f"probability of {classifier.classes[1]} {row['probability']:.4f}"
    return "; ".join(filter(None, [f"{row['label']}, {value}{each}", note]))
