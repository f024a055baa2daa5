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
from birnn.reviews import corpus_reader, encoding, hold_out, sequences, tokenizer
from birnn.reviews.corpus import FILM_REVIEWS
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
        for name, (corpus_file, rows) in splits(pad, description["name"]).items():
            batches = corpus_reader.batches(corpus_file, ["label", "tokens"], rows)
            encoded = map_in_order(encode, batches)
            sequences.write(encoded, rows, pad.maxlen, folder / name)
            print(f"{name}: {len(rows):,} reviews of {pad.maxlen} ids, from {corpus_file}")
        if pad.validation == "test":
            shutil.copytree(folder / "test", folder / "validation")
            print("validation: the test reviews")


def splits(pad: Pad, corpus: str) -> dict[str, tuple[Path, NDArray[np.int32]]]:
    """Return the file of each split, and the rows of the file that belong to the split."""
    train, test = (
        np.arange(corpus_reader.count(file), dtype=np.int32)
        for file in (TRAIN_REVIEWS, TEST_REVIEWS)
    )
    parts = {"train": (TRAIN_REVIEWS, train), "test": (TEST_REVIEWS, test)}
    if pad.validation != "test":
        groups = corpus_reader.groups(TRAIN_REVIEWS)
        labels = corpus_reader.column(TRAIN_REVIEWS, "label")
        stratified = corpus not in FILM_REVIEWS
        held_out = choose_held_out(groups, labels, pad.validation, pad.seed, stratified=stratified)
        parts["train"] = TRAIN_REVIEWS, train[~held_out]
        parts["validation"] = TRAIN_REVIEWS, train[held_out]
    return parts


def choose_held_out(
    groups: NDArray[np.int32],
    labels: NDArray[np.uint8],
    fraction: float,
    seed: int,
    *,
    stratified: bool,
) -> NDArray[np.bool_]:
    """Return a mask of the training reviews to hold out; both parts have both classes."""
    if stratified:
        held_out = hold_out.draw_stratified(labels, groups, fraction, seed, "pad.validation")
    else:
        held_out = hold_out.draw(groups, fraction, seed)
    counts = [np.bincount(labels[part], minlength=2).min() for part in (held_out, ~held_out)]
    if not min(counts):
        raise InputError(
            f"pad.validation is {fraction}: with {held_out.sum()} of the {len(labels)} "
            "training reviews held out, one part lacks a class; choose another fraction or "
            "another pad.seed"
        )
    if counts[0] < hold_out.FEW:
        print(
            f"warning: only {counts[0]} reviews of a class are held out: the choice of the model "
            "and its threshold are uncertain"
        )
    return held_out


if __name__ == "__main__":
    stage.run(main, Settings)
