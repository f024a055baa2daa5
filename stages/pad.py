"""Encode the reviews as sequences of ids of equal length, and decide what validation is.

Reads data/corpus, writes data/padded.
"""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from birnn import command, sequences, vocabulary
from birnn.files import whole_folder
from birnn.holdout import hold_out
from birnn.settings import Pad, Settings

CORPUS = Path("data/corpus")
PADDED = Path("data/padded")


def main(settings: Settings) -> None:
    """Write the training, validation and test sequences."""
    pad = settings.pad
    encoding = sequences.Encoding(
        vocabulary=vocabulary.read(CORPUS / "vocabulary.txt"),
        num_words=pad.num_words,
        maxlen=pad.maxlen,
        padding=pad.padding,
        truncating=pad.truncating,
    )
    with whole_folder(PADDED) as folder:
        for name, (corpus_file, chosen) in parts(pad).items():
            sequences.write(corpus_file, chosen, encoding, folder / name)
            print(f"{name}: {chosen.sum():,} reviews of {pad.maxlen} ids, from {corpus_file}")


def parts(pad: Pad) -> dict[str, tuple[Path, NDArray[np.bool_]]]:
    """Return for each part the file that it comes from, and which of its reviews."""
    train, test = CORPUS / "train.parquet", CORPUS / "test.parquet"
    every_test_review = np.ones(pq.ParquetFile(test).metadata.num_rows, np.bool_)
    reviews = pq.read_table(train, columns=["group", "label"])
    labels = reviews["label"].to_numpy()
    if pad.validation == "test":
        return {
            "train": (train, np.ones(len(labels), np.bool_)),
            "validation": (test, every_test_review),
            "test": (test, every_test_review),
        }
    held_out = hold_out(reviews["group"].to_numpy(), labels, pad.validation, pad.seed)
    return {
        "train": (train, ~held_out),
        "validation": (train, held_out),
        "test": (test, every_test_review),
    }


if __name__ == "__main__":
    command.run(main)
