"""Encode the reviews as sequences of ids of equal length, and decide what validation is.

Reads data/corpus, writes data/padded.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from birnn.core import stage
from birnn.core.outputs import whole_folder
from birnn.core.settings import Pad, Settings
from birnn.text import encoding, reviews, sequences, tokenizer
from birnn.text.encoding import Encoding
from birnn.text.holdout import hold_out
from birnn.text.parallel import in_order

CORPUS = Path("data/corpus")
PADDED = Path("data/padded")


def main(settings: Settings) -> None:
    """Write the training, validation and test sequences, and how they were encoded."""
    pad = settings.pad
    chosen_encoding = Encoding(
        words=encoding.limit(tokenizer.read(CORPUS / "vocabulary.txt"), pad.num_words),
        maxlen=pad.maxlen,
        padding=pad.padding,
        truncating=pad.truncating,
    )
    with whole_folder(PADDED) as folder:
        encoding.write(chosen_encoding, folder)
        for name, (corpus_file, chosen) in parts(pad).items():
            rows = np.flatnonzero(chosen).astype(np.int32)
            batches = encoded(corpus_file, chosen, chosen_encoding)
            sequences.write(batches, rows, pad.maxlen, folder / name)
            print(f"{name}: {len(rows):,} reviews of {pad.maxlen} ids, from {corpus_file}")


def parts(pad: Pad) -> dict[str, tuple[Path, NDArray[np.bool_]]]:
    """Return for each part the file that it comes from, and which of its reviews."""
    train, test = CORPUS / "train.parquet", CORPUS / "test.parquet"
    every_review = {file: np.ones(reviews.count(file), np.bool_) for file in (train, test)}
    if pad.validation == "test":
        return {
            "train": (train, every_review[train]),
            "validation": (test, every_review[test]),
            "test": (test, every_review[test]),
        }
    groups, labels = reviews.groups(train), reviews.column(train, "label")
    held_out = hold_out(groups, labels, pad.validation, pad.seed)
    return {
        "train": (train, ~held_out),
        "validation": (train, held_out),
        "test": (test, every_review[test]),
    }


def encoded(
    corpus_file: Path, chosen: NDArray[np.bool_], how: Encoding
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.uint8]]]:
    """Yield batches of sequences and labels of the chosen reviews of a file."""
    batches = reviews.chosen_batches(corpus_file, chosen, ["label", "tokens"])
    return in_order(
        lambda batch: (encoding.encode(batch["tokens"], how), batch["label"].to_numpy()), batches
    )


if __name__ == "__main__":
    stage.run(main)
