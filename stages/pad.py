"""Encode the reviews as sequences of ids of equal length, and choose the held-out reviews.

Reads data/corpus. Writes data/padded.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from birnn.core import paths, stage
from birnn.core.outputs import atomic_folder, read_json
from birnn.core.paths import PADDED, RANKED_WORDS, TEST_REVIEWS, TRAIN_REVIEWS
from birnn.core.settings import Pad, Settings
from birnn.text import encoding, reviews, sequences, tokenizer
from birnn.text.encoding import Encoding
from birnn.text.holdout import hold_out
from birnn.text.parallel import map_in_order


def main(settings: Settings) -> None:
    """Write the training, validation and test sequences, and their encoding."""
    pad, description = settings.pad, read_json(paths.CORPUS_DESCRIPTION)
    scheme = Encoding(
        words=encoding.limit(tokenizer.read(RANKED_WORDS), pad.num_words),
        maxlen=pad.maxlen,
        padding=pad.padding,
        truncating=pad.truncating,
        tokenizer=description["tokenizer"],
        classes=description["classes"],
    )
    with atomic_folder(PADDED) as folder:
        encoding.write(scheme, folder)
        for name, (corpus_file, rows) in splits(pad).items():
            batches = encode(corpus_file, rows, scheme)
            sequences.write(batches, rows, pad.maxlen, folder / name)
            print(f"{name}: {len(rows):,} reviews of {pad.maxlen} ids, from {corpus_file}")
        if pad.validation == "test":
            shutil.copytree(folder / "test", folder / "validation")
            print("validation: the test reviews")


def splits(pad: Pad) -> dict[str, tuple[Path, NDArray[np.int32]]]:
    """Return the file of each split, and the rows of the file that belong to the split."""
    train, test = (
        np.arange(reviews.count(file), dtype=np.int32) for file in (TRAIN_REVIEWS, TEST_REVIEWS)
    )
    if pad.validation == "test":
        return {"train": (TRAIN_REVIEWS, train), "test": (TEST_REVIEWS, test)}
    groups, labels = reviews.groups(TRAIN_REVIEWS), reviews.column(TRAIN_REVIEWS, "label")
    held_out = hold_out(groups, labels, pad.validation, pad.seed)
    return {
        "train": (TRAIN_REVIEWS, train[~held_out]),
        "validation": (TRAIN_REVIEWS, train[held_out]),
        "test": (TEST_REVIEWS, test),
    }


def encode(
    corpus_file: Path, rows: NDArray[np.int32], scheme: Encoding
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.uint8]]]:
    """Yield batches of sequences and labels of some rows of a file."""
    batches = reviews.chosen_batches(corpus_file, rows, ["label", "tokens"])
    return map_in_order(
        lambda batch: (encoding.encode(batch["tokens"], scheme), batch["label"].to_numpy()), batches
    )


if __name__ == "__main__":
    stage.run(main)
