"""Keras's arrays of the Large Movie Review Dataset: words without the original texts.

The arrays hold Python objects, so the file contains a pickle, which can run any code. Therefore a
file is opened only if its hash is the hash of Keras's file.
"""

from pathlib import Path

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


def load(raw: Path) -> tuple[list[str], list[Review]]:
    """Return Keras's words in order of rank, and its reviews in the order of its loader.

    The files are in the folder `raw`; missing ones are downloaded. The text of a review is its
    words joined by spaces. The films are unknown, so each review is a group of its own.

    Raises:
        UnreachableError: a file is missing, and there is no network.
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
    vocabulary = sorted(ranks, key=ranks.__getitem__)
    reviews = []
    for split, arrays in zip(SPLITS, splits, strict=True):
        for number, (ids, label) in enumerate(zip(*arrays, strict=True)):
            name = f"{split}/{number}"
            text = " ".join(vocabulary[rank - 1] for rank in ids)
            reviews.append(Review(split, name, name, int(label), text, f"imdb.npz, {name}"))
    return vocabulary, reviews
