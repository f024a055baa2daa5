"""The reviews that all models train on: labelled and, with self-training, then self-labelled ones.

The format of their folders is described in `sequences`. If the training split has n reviews, row
numbers below n refer to the labelled reviews, and row number n + i refers to unlabelled review i.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from birnn.core.settings import Train
from birnn.text import reviews

LABELLED = Path("data/padded/train")
SELF_LABELLED = Path("data/self_labelled/train")  # only with self-training
CORPUS = Path("data/corpus/train.parquet")
UNLABELLED = Path("data/unlabelled/reviews.parquet")


def folder(settings: Train) -> Path:
    """Return the folder of the reviews to train on."""
    return SELF_LABELLED if settings.self_training else LABELLED


def groups(training: Path) -> NDArray[np.int32]:
    """Return the group of each review, int32, shape (reviews,).

    Every unlabelled review is a group of its own.
    """
    rows = np.load(training / "rows.npy")
    labelled = reviews.groups(CORPUS)
    # More groups than unlabelled reviews; the surplus is not selected.
    unlabelled = labelled.max() + 1 + np.arange(len(rows), dtype=np.int32)
    review_groups: NDArray[np.int32] = np.concatenate([labelled, unlabelled])[rows]
    return review_groups


def words(training: Path) -> Iterator[list[str]]:
    """Yield the words of each review, in the order of their rows, which must be ascending."""
    rows = np.load(training / "rows.npy")
    labelled_count = reviews.count(CORPUS)
    unlabelled_rows = rows[rows >= labelled_count] - labelled_count
    for batch in reviews.words(CORPUS, rows=rows[rows < labelled_count]):
        yield from batch
    if len(unlabelled_rows):
        for batch in reviews.words(UNLABELLED, rows=unlabelled_rows):
            yield from batch
