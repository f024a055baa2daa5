"""Keras's arrays of the Large Movie Review Dataset, by Keras's loader: words without texts.

The arrays hold Python objects, which only a pickle can hold, and a pickle can run any code. So a
file is opened only if it is Keras's own, by its sha256.
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
    """The reviews as ranks of words.

    Attributes:
        vocabulary: the words in Keras's order of rank.
        splits: for each split the reviews, each a list of ranks from 1, and the labels.
    """

    vocabulary: list[str]
    splits: dict[str, tuple[NDArray[np.object_], NDArray[np.int64]]]

    def read(self) -> Iterator[Review]:
        """Yield the reviews in the order of Keras's loader; a text is its words, spaced.

        Which film a review is about is not known: each is a group of its own.
        """
        for split, (reviews, labels) in self.splits.items():
            for number, (ranks, label) in enumerate(zip(reviews, labels, strict=True)):
                name = f"{split}/{number}"
                text = " ".join(self.vocabulary[rank - 1] for rank in ranks)
                yield Review(split, name, name, int(label), text, f"imdb.npz, {name}")


def load(raw: Path) -> Arrays:
    """Load the arrays and the word index from the folder `raw`, or download them to there.

    Raises:
        UnreachableError: a file is not there, and cannot be downloaded.
        InputError: a file that is there is not Keras's.
    """
    file = raw / "imdb.npz"
    if not file.exists():
        download(ADDRESS, file, SHA256)
    _verify(file)
    # Here, since it takes seconds, and no other source wants it.
    from keras.datasets import imdb  # noqa: PLC0415

    # The loader leaves paths that are absolute as they are.
    splits = imdb.load_data(
        path=str(file.resolve()), num_words=EVERY_WORD, start_char=None, index_from=0
    )
    try:
        ranks = imdb.get_word_index(path=str((raw / "imdb_word_index.json").resolve()))
    except Exception as error:  # Keras raises no other
        raise UnreachableError(f"Keras's word index cannot be reached ({error})") from error
    return Arrays(sorted(ranks, key=ranks.__getitem__), dict(zip(SPLITS, splits, strict=True)))


def _verify(file: Path) -> None:
    found = compute_sha256(file)
    if found != SHA256:
        raise InputError(
            f"{file} has sha256 {found}, and Keras's file {SHA256}: it is not opened, since it "
            "may hold a pickle, which can run any code; delete it"
        )
