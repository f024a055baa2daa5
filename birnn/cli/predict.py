"""Predict the sentiment of texts."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from birnn.cli import input_texts, output_tables
from birnn.cli.input_texts import Text
from birnn.core.machine import BATCH_SIZE
from birnn.evaluation.model_names import TITLES
from birnn.inference import predictor
from birnn.inference.known_words import NOTHING_TO_GO_ON, without_known_words
from birnn.inference.predictor import Predictor
from birnn.networks.decision import combine, predicted_class, probability
from birnn.text import tokenizer

LARGEST_BATCH = 20_000_000  # characters
EXCERPT = 60  # characters of a text that are printed


def run(
    texts: Iterable[Text],
    names: Sequence[str],
    output: Path | None,
    columns: Sequence[str],
    *,
    unknown: bool,
) -> None:
    """Predict the sentiment of texts and print one line per text, or write a table to `output`.

    The table starts with the `columns` of the input, if the texts are from tables.

    Raises:
        InputError: a text or a file of the pipeline cannot be read.
    """
    with ExitStack() as stack:
        write = stack.enter_context(output_tables.writer(output)) if output else _print
        networks = predictor.load_verified(names)
        # With disable=None, the bar is shown only in a terminal.
        progress = stack.enter_context(tqdm(unit=" texts", disable=None, delay=2))
        for batch in _batches(texts):
            table = predict(networks, batch, unknown=unknown)
            write(input_texts.with_columns(table, batch, columns))
            progress.update(len(batch))


def predict(networks: Predictor, texts: Sequence[Text], *, unknown: bool) -> pd.DataFrame:
    """Return one row per text: source, text, sentiment and probabilities of positive.

    If `no_known_words` is true, sentiment and probabilities are missing. With `unknown`, also list
    the distinct words that are not in the vocabulary, in text order.
    """
    contents = [text.content for text in texts]
    sequences = networks.encode(contents)
    log_odds = networks.predict_sequences(sequences)
    combined = combine(list(log_odds.values()))
    table = pd.DataFrame(
        {
            "source": _strings(text.source for text in texts),
            "text": _strings(contents),
            "sentiment": _strings(map(predicted_class, combined)),
            "probability": probability(combined),
            **{name: probability(odds) for name, odds in log_odds.items()},
            "no_known_words": without_known_words(sequences),
        }
    )
    predicted = ["sentiment", "probability", *log_odds]
    table[predicted] = table[predicted].mask(table["no_known_words"])
    if unknown:
        known = set(networks.encoding.words)
        tokens = tokenizer.tokenize(contents).to_pylist()
        table["unknown"] = _strings(
            " ".join(dict.fromkeys(word for word in words or [] if word not in known))
            for words in tokens
        )
    return table


def _strings(values: Iterable[str]) -> pd.Series:
    return pd.Series(list(values), dtype="str")


def _batches(texts: Iterable[Text]) -> Iterator[list[Text]]:
    batch: list[Text] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text.content)
        if len(batch) == BATCH_SIZE or size > LARGEST_BATCH:
            yield batch
            batch, size = [], 0
    # This batch may be empty: an output file has its columns even without texts.
    yield batch


def _print(table: pd.DataFrame) -> None:
    for row in table.to_dict("records"):
        text = input_texts.printable(row["text"][: EXCERPT + 1])
        excerpt = f"{text[:EXCERPT]}…" if len(text) > EXCERPT else text
        line = f"{_prediction(row)}  {excerpt or '(empty)'}"
        unknown = input_texts.printable(row.get("unknown", ""))
        print(f"{line}\n    unknown: {unknown}" if unknown else line, flush=True)


def _prediction(row: dict[Hashable, Any]) -> str:
    if row["no_known_words"]:
        return NOTHING_TO_GO_ON
    by_network = ", ".join(f"{TITLES[name]} {row[name]:.4f}" for name in TITLES if name in row)
    return f"{row['sentiment']}  {row['probability']:.4f}  ({by_network})"
