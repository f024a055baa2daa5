"""Keras's arrays of the Large Movie Review Dataset: words without the original texts.

The arrays hold Python objects, so the file contains a pickle, which can run any code. Therefore a
file is opened only if its hash is the hash of Keras's file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from birnn.core.errors import InputError
from birnn.core.outputs import read_json
from birnn.corpora.download import compute_hash, download
from birnn.corpora.review import SPLITS, Review

ADDRESS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"
ARRAYS, RANKS = "imdb.npz", "imdb_word_index.json"
# The hashes that Keras itself checks: a sha256 and an md5.
FILES = {
    ARRAYS: "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    RANKS: "bfafd718b763782e994055a2d397834f",
}

EVERY_WORD = 10**9  # above any id


@dataclass(frozen=True)
class Arrays:
    """The reviews as lists of word ranks.

    Attributes:
        vocabulary: the words in Keras's order of rank.
        splits: for each split, its reviews, each a list of ranks from 1, and its labels.
    """

    vocabulary: list[str]
    splits: dict[str, tuple[NDArray[np.object_], NDArray[np.int64]]]

    def read(self) -> Iterator[Review]:
        """Yield the reviews in the order of Keras's loader; a text is its words joined by spaces.

        The films are unknown, so each review is a group of its own.
        """
        for split, (reviews, labels) in self.splits.items():
            for number, (ranks, label) in enumerate(zip(reviews, labels, strict=True)):
                name = f"{split}/{number}"
                text = " ".join(self.vocabulary[rank - 1] for rank in ranks)
                yield Review(split, name, name, int(label), text, f"imdb.npz, {name}")


def load(raw: Path) -> Arrays:
    """Load the arrays and the word index from the folder `raw`; download missing files.

    Raises:
        UnreachableError: a file is missing, and there is no network.
        InputError: a missing file cannot be downloaded, or an existing file is not Keras's.
    """
    for name, expected in FILES.items():
        file = raw / name
        if not file.exists():
            download(f"{ADDRESS}/{name}", file, expected)
        elif (actual := compute_hash(file, like=expected)) != expected:
            raise InputError(
                f"{file} has the hash {actual}, expected {expected}; it was not opened: delete it, "
                "and run again"
            )
    # Imported here because it takes seconds and other sources do not need it.
    from keras.datasets import imdb  # noqa: PLC0415

    # Absolute, so that the loader does not look in its own cache.
    splits = imdb.load_data(
        path=str((raw / ARRAYS).resolve()), num_words=EVERY_WORD, start_char=None, index_from=0
    )
    ranks = read_json(raw / RANKS)
    return Arrays(sorted(ranks, key=ranks.__getitem__), dict(zip(SPLITS, splits, strict=True)))
