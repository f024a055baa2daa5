"""Keras's arrays of the Large Movie Review Dataset: words without the original texts.

The arrays hold Python objects, so the file contains a pickle, which can run any code. Therefore a
file is opened only if its sha256 is the sha256 of Keras's file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from birnn.core.errors import InputError
from birnn.corpora.download import UnreachableError, compute_sha256, download
from birnn.corpora.review import SPLITS, Review

ADDRESS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb.npz"
SHA256 = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"

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
        UnreachableError: a missing file cannot be downloaded.
        InputError: an existing file is not Keras's.
    """
    file = raw / "imdb.npz"
    if not file.exists():
        download(ADDRESS, file, SHA256)
    _verify(file)
    # Imported here because it takes seconds and other sources do not need it.
    from keras.datasets import imdb  # noqa: PLC0415

    # Absolute, so that the loader does not look in its own cache.
    splits = imdb.load_data(
        path=str(file.resolve()), num_words=EVERY_WORD, start_char=None, index_from=0
    )
    try:
        ranks = imdb.get_word_index(path=str((raw / "imdb_word_index.json").resolve()))
    except Exception as error:  # Keras raises no subclass
        raise UnreachableError(f"Keras's word index cannot be reached ({error})") from error
    return Arrays(sorted(ranks, key=ranks.__getitem__), dict(zip(SPLITS, splits, strict=True)))


def _verify(file: Path) -> None:
    actual = compute_sha256(file)
    if actual != SHA256:
        raise InputError(
            f"{file} has sha256 {actual}, expected {SHA256}; it was not opened, because it may "
            "hold a pickle, which can run any code: delete it, and run again"
        )
