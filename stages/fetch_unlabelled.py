"""Fetch the reviews without a label, if word vectors or all models are trained on them.

Reads the source of the corpus. Writes data/unlabelled.
"""

from pathlib import Path

from birnn.core import stage
from birnn.core.errors import InputError
from birnn.core.outputs import atomic_folder, write_json
from birnn.core.settings import Settings
from birnn.corpora import imdb
from birnn.corpora.download import UnreachableError
from birnn.text import unlabelled

RAW = Path("data/raw")
UNLABELLED = Path("data/unlabelled")


def main(settings: Settings) -> None:
    """Write the words of the reviews, an empty file if they are not needed, and their number."""
    texts, left_out = read(settings)
    with atomic_folder(UNLABELLED) as folder:
        count = unlabelled.write(texts, folder / "reviews.parquet")
        write_json(folder / "unlabelled.json", {"reviews": count, "left_out": left_out})
    print(
        f"{count:,} reviews without a label; {left_out:,} were left out, because a labelled review "
        "has the same text"
    )


def read(settings: Settings) -> tuple[list[str], int]:
    """Return the texts of the reviews, none if they are not needed, and how many were left out.

    Reviews with the same text as a labelled review are left out.

    Raises:
        InputError: the corpus has no unlabelled reviews or cannot be read.
    """
    remedies = {}
    if settings.word_vectors.reviews == "all":
        remedies["word_vectors.reviews is all"] = "word_vectors.reviews to train"
    if settings.train.self_training:
        remedies["train.self_training is true"] = "train.self_training to false"
    if not remedies:
        return [], 0
    need, remedy = " and ".join(remedies), f"Set {' and '.join(remedies.values())}."
    if settings.fetch.source != "imdb":
        raise InputError(f"{need}, but {settings.fetch.source} has no unlabelled reviews. {remedy}")
    try:
        return imdb.read_unlabelled(RAW)
    except UnreachableError as error:
        raise InputError(f"{need}, but {error}. {remedy}") from error


if __name__ == "__main__":
    stage.run(main)
