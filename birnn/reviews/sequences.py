"""Padded reviews in files that can be memory-mapped.

A folder holds `sequences.npy` (int32, shape (reviews, maxlen)), `labels.npy` (uint8, or float32 if
they are probabilities of positive, shape (reviews,)) and `rows.npy` (int32, shape (reviews,)), the
row of each review in the split's Parquet file. `training_set` also numbers unlabelled reviews.

The ids follow `keras.datasets.imdb.load_data`: 0 is padding, 1 the start of a review, 2 an
out-of-vocabulary word, 3 is unused, and the word of rank r (from 1) has the id r + 3.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from birnn.core.paths import PADDED_TRAIN, SELF_LABELLED_TRAIN
from birnn.core.settings import Fraction, Section, Seed

PADDING, START, OUT_OF_VOCABULARY, FIRST_WORD = 0, 1, 2, 4

FILES = ("sequences.npy", "labels.npy")

Side = Literal["pre", "post"]


class Pad(Section):
    """The encoding of reviews as sequences of equal length, and the hold-out."""

    num_words: int = Field(ge=5, le=10_000_000)
    maxlen: int = Field(ge=1, le=10_000)
    padding: Side
    truncating: Side
    validation: Literal["test"] | Fraction
    seed: Seed


class TrainedModels(Section, extra="ignore"):
    """The one setting of training that says if networks are trained, or only the baseline."""

    networks: bool


class TrainingReviews(Section, extra="ignore"):
    """The one setting of training that says which reviews all models are trained on."""

    self_training: bool

    @property
    def folder(self) -> Path:
        """The folder of these reviews: with or without self-labelled ones."""
        return SELF_LABELLED_TRAIN if self.self_training else PADDED_TRAIN


def write(
    batches: Iterable[tuple[NDArray[np.int32], NDArray[Any]]],
    rows: NDArray[np.int32],
    maxlen: int,
    folder: Path,
    label_type: type[np.generic] = np.uint8,
) -> None:
    """Write batches of sequences, shape (batch, maxlen), and of labels, one after the other.

    `rows` has one number per review of all batches together.
    """
    folder.mkdir()
    np.save(folder / "rows.npy", rows)
    # Appended, because a memory map that is written to counts as memory in use.
    with (
        (folder / "sequences.npy").open("wb") as sequences_file,
        (folder / "labels.npy").open("wb") as labels_file,
    ):
        _write_header(sequences_file, np.int32, (len(rows), maxlen))
        _write_header(labels_file, label_type, (len(rows),))
        for sequences, labels in batches:
            sequences.tofile(sequences_file)
            labels.astype(label_type, copy=False).tofile(labels_file)


def read(folder: Path) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """Return the sequences and labels written by `write`, memory-mapped."""
    sequences, labels = (np.load(folder / name, mmap_mode="r") for name in FILES)
    return sequences, labels


def _write_header(file: BinaryIO, dtype: type[np.generic], shape: tuple[int, ...]) -> None:
    header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
