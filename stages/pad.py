"""Encode the reviews as sequences of ids of equal length, and choose the held-out reviews.

Reads data/corpus. Writes data/padded.
"""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from birnn.core import paths, stage
from birnn.core.batching import map_in_order
from birnn.core.outputs import atomic_folder, read_json
from birnn.core.paths import PADDED, RANKED_WORDS, TEST_REVIEWS, TRAIN_REVIEWS
from birnn.core.settings import Sections
from birnn.reviews import corpus_reader, encoding, sequences, tokenizer
from birnn.reviews.encoding import Encoding
from birnn.reviews.sequences import Pad
from birnn.runtime.errors import InputError


class Settings(Sections):
    """The settings of this stage."""

    pad: Pad


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

    def encode(batch: pa.RecordBatch) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        return encoding.encode(batch["tokens"], scheme), batch["label"].to_numpy()

    with atomic_folder(PADDED) as folder:
        encoding.write(scheme, folder)
        for name, (corpus_file, rows) in splits(pad).items():
            batches = corpus_reader.batches(corpus_file, ["label", "tokens"], rows)
            encoded = map_in_order(encode, batches)
            sequences.write(encoded, rows, pad.maxlen, folder / name)
            print(f"{name}: {len(rows):,} reviews of {pad.maxlen} ids, from {corpus_file}")
        if pad.validation == "test":
            shutil.copytree(folder / "test", folder / "validation")
            print("validation: the test reviews")


def splits(pad: Pad) -> dict[str, tuple[Path, NDArray[np.int32]]]:
    """Return the file of each split, and the rows of the file that belong to the split."""
    train, test = (
        np.arange(corpus_reader.count(file), dtype=np.int32)
        for file in (TRAIN_REVIEWS, TEST_REVIEWS)
    )
    parts = {"train": (TRAIN_REVIEWS, train), "test": (TEST_REVIEWS, test)}
    if pad.validation != "test":
        groups = corpus_reader.groups(TRAIN_REVIEWS)
        labels = corpus_reader.column(TRAIN_REVIEWS, "label")
        held_out = hold_out(groups, labels, pad.validation, pad.seed)
        parts["train"] = TRAIN_REVIEWS, train[~held_out]
        parts["validation"] = TRAIN_REVIEWS, train[held_out]
    return parts


def hold_out(
    groups: NDArray[np.int32], labels: NDArray[np.uint8], fraction: float, seed: int
) -> NDArray[np.bool_]:
    """Return a mask of the reviews to hold out: whole groups, at most `fraction` of the reviews.

    Reviews of the same film are similar, so a hold-out that shares films with the training reviews
    overestimates the accuracy. All arrays have the shape (reviews,); groups are numbered from 0.
    """
    group_sizes = np.bincount(groups)
    order = np.random.default_rng(seed).permutation(len(group_sizes))
    chosen = order[np.cumsum(group_sizes[order]) <= fraction * len(groups)]
    held_out = np.isin(groups, chosen)
    for part in (held_out, ~held_out):
        if len(np.unique(labels[part])) < len(np.unique(labels)):
            raise InputError(
                f"pad.validation is {fraction}: with {held_out.sum()} of the {len(labels)} "
                "training reviews held out, one part lacks a class; choose another fraction or "
                "another pad.seed"
            )
    return held_out


if __name__ == "__main__":
    stage.run(main, Settings)
