"""Fetch the reviews without a label, if word vectors are trained on them.

Reads the source of the corpus. Writes data/unlabelled.
"""

from collections.abc import Iterable
from pathlib import Path

from birnn.core import stage
from birnn.core.errors import InputError
from birnn.core.outputs import atomic_folder
from birnn.core.settings import Settings
from birnn.corpora import imdb
from birnn.text import unlabelled

RAW = Path("data/raw")
UNLABELLED = Path("data/unlabelled")


def main(settings: Settings) -> None:
    """Write the words of the reviews; if they are not needed, write an empty file."""
    with atomic_folder(UNLABELLED) as folder:
        count = unlabelled.write(texts(settings), folder / "reviews.parquet")
    print(f"{count:,} reviews without a label")


def texts(settings: Settings) -> Iterable[str]:
    """Return the texts of the reviews, or nothing if they are not needed.

    Raises:
        InputError: the corpus has no unlabelled reviews or cannot be read.
    """
    if settings.word_vectors.reviews != "all":
        return ()
    if settings.fetch.source != "imdb":
        raise InputError(
            f"word_vectors.reviews is all, but {settings.fetch.source} has no unlabelled reviews. "
            "Set word_vectors.reviews to train."
        )
    return imdb.read_unlabelled(RAW)


if __name__ == "__main__":
    stage.run(main)
