"""Bring the reviews without a label, where word vectors are to be learnt from them as well.

Reads the corpus source, writes data/unlabelled.
"""

from collections.abc import Iterable
from pathlib import Path

from birnn.core import stage
from birnn.core.errors import InputError
from birnn.core.outputs import whole_folder
from birnn.core.settings import Settings
from birnn.corpora import imdb, unlabelled

RAW = Path("data/raw")
UNLABELLED = Path("data/unlabelled")


def main(settings: Settings) -> None:
    """Write the words of the reviews, of none where they are not asked for."""
    with whole_folder(UNLABELLED) as folder:
        count = unlabelled.write(texts(settings), folder / "reviews.parquet")
    print(f"{count:,} reviews without a label")


def texts(settings: Settings) -> Iterable[str]:
    """Return the texts that are asked for.

    Raises:
        InputError: the corpus has none, or cannot be read.
    """
    if settings.word_vectors.reviews != "all":
        return ()
    if settings.fetch.source != "imdb":
        raise InputError(
            f"word_vectors.reviews is all, but {settings.fetch.source} has no reviews without a "
            "label: choose train"
        )
    return imdb.read_unlabelled(RAW)


if __name__ == "__main__":
    stage.run(main)
