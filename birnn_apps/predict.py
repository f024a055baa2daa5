"""Predict the class of texts."""

import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from birnn.core.batching import batched
from birnn.evaluation.model_names import ALL_TITLES, TITLES
from birnn.networks.log_odds import probability
from birnn_apps import explanation, input_texts, output_tables
from birnn_apps.classifier import Classifier
from birnn_apps.input_texts import Text
from birnn_apps.terminal import printable

EXCERPT = 60  # characters of a text that are printed


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
    names = columns() if output else []
    classifier = load()

    def tables() -> Iterator[pd.DataFrame]:
        # With disable=None, the bar is shown only in a terminal.
        with tqdm(unit=" texts", disable=None if output else True, delay=2) as progress:
            # An empty batch at the end: an output file has its columns even without texts.
            for batch in chain(batched(texts, _count_characters), [[]]):
                table = predict(classifier, [text.content for text in batch])
                table.insert(0, "source", _strings(text.source for text in batch))
                yield input_texts.with_columns(table, batch, names)
                progress.update(len(batch))

    limit = f"{classifier.classes[1]} above {classifier.threshold:.4g}"
    print(f"{ALL_TITLES[classifier.name]}, {limit}", file=sys.stderr)
    if output:
        output_tables.write(output, tables())
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
