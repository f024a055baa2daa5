"""Tell the sentiment of texts."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from birnn.cli import input_texts, output_tables
from birnn.cli.input_texts import Text
from birnn.core.machine import BATCH_SIZE
from birnn.evaluation.decision import combine, predicted_class
from birnn.evaluation.model_names import TITLES
from birnn.inference import predictor
from birnn.inference.predictor import Predictor
from birnn.text import tokenizer

LARGEST_BATCH = 20_000_000  # characters
SHOWN = 60  # characters of a text


def run(texts: Iterable[Text], names: Sequence[str], output: Path | None, *, unknown: bool) -> None:
    """Predict the texts, and print a line for each, or write them to `output`.

    Raises:
        InputError: a text, or a file of the pipeline, cannot be read.
    """
    with ExitStack() as stack:
        write = stack.enter_context(output_tables.writer(output)) if output else _print
        networks = predictor.load_verified(names)
        # Shown where the work takes long enough to be waited for.
        progress = stack.enter_context(tqdm(unit=" texts", disable=None, delay=2))
        for batch in _batches(texts):
            write(predict(networks, batch, unknown=unknown))
            progress.update(len(batch))


def predict(networks: Predictor, texts: Sequence[Text], *, unknown: bool) -> pd.DataFrame:
    """Return a row a text: where it comes from, what it says, and what the networks say of it.

    With `unknown`, also the words that have no id, each once, in the order of the text.
    """
    contents = [content for _, content in texts]
    probabilities = networks.predict(contents)
    combined = combine(list(probabilities.values()))
    table = pd.DataFrame(
        {
            "source": _strings(source for source, _ in texts),
            "text": _strings(contents),
            "sentiment": _strings(predicted_class(each) for each in combined),
            "probability": combined,
            **probabilities,
        }
    )
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
    for source, content in texts:
        batch.append((source, content))
        size += len(content)
        if len(batch) == BATCH_SIZE or size > LARGEST_BATCH:
            yield batch
            batch, size = [], 0
    # Even without any text, so that a file has its columns.
    yield batch


def _print(table: pd.DataFrame) -> None:
    for row in table.to_dict("records"):
        text = input_texts.printable(row["text"][: SHOWN + 1])
        shown = f"{text[:SHOWN]}…" if len(text) > SHOWN else text
        each = ", ".join(f"{TITLES[name]} {row[name]:.4f}" for name in TITLES if name in row)
        line = f"{row['sentiment']}  {row['probability']:.4f}  ({each})  {shown or '(empty)'}"
        unknown = input_texts.printable(row.get("unknown", ""))
        print(f"{line}\n    unknown: {unknown}" if unknown else line, flush=True)
