"""Predict the sentiment of texts."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from birnn.core.batching import batched
from birnn.evaluation.model_names import TITLES
from birnn.networks.log_odds import probability
from birnn_apps import explanation, input_texts, output_tables
from birnn_apps.classifier import Classifier
from birnn_apps.input_texts import Text
from birnn_apps.terminal import printable

EXCERPT = 60  # characters of a text that are printed


def run(
    texts: Iterable[Text],
    load: Callable[[], Classifier],
    output: Path | None,
    columns: Callable[[], Sequence[str]],
    *,
    unknown: bool,
) -> None:
    """Predict the sentiment of texts and print one line per text, or write a table to `output`.

    The table starts with the columns of the input. See `predict` for `unknown`.
    """

    def tables() -> Iterator[pd.DataFrame]:
        classifier, names = load(), columns() if output else []
        # With disable=None, the bar is shown only in a terminal.
        with tqdm(unit=" texts", disable=None if output else True, delay=2) as progress:
            # An empty batch at the end: an output file has its columns even without texts.
            for batch in chain(batched(texts, _count_characters), [[]]):
                table = predict(classifier, [text.content for text in batch], unknown=unknown)
                table.insert(0, "source", _strings(text.source for text in batch))
                yield input_texts.with_columns(table, batch, names)
                progress.update(len(batch))

    if output:
        output_tables.write(output, tables())
    else:
        for table in tables():
            _print(table)


def predict(classifier: Classifier, texts: Sequence[str], *, unknown: bool) -> pd.DataFrame:
    """Return one row per text: text, sentiment, probabilities, known words.

    The probabilities are of the positive class. If the share of known words is 0, sentiment and
    probabilities are missing. With `unknown`, also list the distinct words that are not in the
    vocabulary, in text order.
    """
    tokens = classifier.tokenize(texts)
    predicted = classifier.predict_tokens(tokens)
    table = pd.DataFrame(
        {
            "text": _strings(texts),
            "sentiment": _strings(map(classifier.classify, predicted.log_odds)),
            "probability": probability(predicted.log_odds),
            **{name: probability(odds) for name, odds in predicted.by_model.items()},
            "known": predicted.known,
        }
    )
    columns = ["sentiment", "probability", *predicted.by_model]
    table[columns] = table[columns].mask(table["known"] == 0)
    if unknown:
        known = classifier.vocabulary
        table["unknown"] = _strings(
            " ".join(dict.fromkeys(word for word in words or [] if word not in known))
            for words in tokens.to_pylist()
        )
    return table


def _strings(values: Iterable[str]) -> pd.Series:
    return pd.Series(list(values), dtype="str")


def _count_characters(text: Text) -> int:
    return sum(len(value) for value in text.row.values() if isinstance(value, str))


def _print(table: pd.DataFrame) -> None:
    for row in table.to_dict("records"):
        text = printable(row["text"][: EXCERPT + 1])
        excerpt = f"{text[:EXCERPT]}…" if len(text) > EXCERPT else text
        line = f"{_prediction(row)}  {excerpt or '(empty)'}"
        unknown = printable(row.get("unknown", ""))
        print(f"{line}\n    unknown: {unknown}" if unknown else line, flush=True)


def _prediction(row: dict[Hashable, Any]) -> str:
    note = explanation.note(row["known"])
    if not row["known"]:
        return note
    by_model = ", ".join(f"{TITLES[name]} {row[name]:.4f}" for name in TITLES if name in row)
    notes = "; ".join(filter(None, [by_model, note]))
    return f"{row['sentiment']}  {row['probability']:.4f}  ({notes})"
