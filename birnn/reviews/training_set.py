"""The reviews that all models train on: labelled and, with self-training, then self-labelled ones.

The format of their folders is described in `sequences`. If the training split has n reviews, row
numbers below n refer to the labelled reviews, and row number n + i refers to unlabelled review i.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from birnn.core import paths
from birnn.core.settings import Section
from birnn.reviews import corpus_reader


class PretrainingReviews(Section, extra="ignore"):
    """The one setting of word vectors that says on which reviews they are trained."""

    reviews: Literal["none", "train", "all"]


def groups(training: Path) -> NDArray[np.int32]:
    """Return the group of each review, int32, shape (reviews,).

    Every unlabelled review is a group of its own.
    """
    rows = np.load(training / "rows.npy")
    labelled = corpus_reader.groups(paths.TRAIN_REVIEWS)
    # More groups than unlabelled reviews; the surplus is not selected.
    unlabelled = labelled.max() + 1 + np.arange(len(rows), dtype=np.int32)
    review_groups: NDArray[np.int32] = np.concatenate([labelled, unlabelled])[rows]
    return review_groups


def words(training: Path) -> Iterator[list[str]]:
    """Yield the words of each review, in the order of their rows, which must be ascending."""
    rows = np.load(training / "rows.npy")
    labelled_count = corpus_reader.count(paths.TRAIN_REVIEWS)
    unlabelled_rows = rows[rows >= labelled_count] - labelled_count
    for batch in corpus_reader.words(paths.TRAIN_REVIEWS, rows=rows[rows < labelled_count]):
        yield from batch
    if len(unlabelled_rows):
        for batch in corpus_reader.words(paths.UNLABELLED_REVIEWS, rows=unlabelled_rows):
            yield from batch
