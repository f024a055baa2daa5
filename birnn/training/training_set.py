"""The reviews that all models train on: labelled and, with self-training, then self-labelled ones.

The format of their folders is described in `sequences`. If the training split has n reviews, row
numbers below n refer to the labelled reviews, and row number n + i refers to unlabelled review i.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from birnn.core import paths
from birnn.core.outputs import atomic_folder
from birnn.core.settings import Settings
from birnn.recipes import ngrams
from birnn.recipes.ngrams import RatioTable
from birnn.reviews import corpus_reader, sequences


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


def weigh_ngrams(training: Path, settings: Settings, output: Path) -> RatioTable:
    """Write the log-count ratios of n-grams to a folder, and return those for new reviews."""
    ids, labels = sequences.read(training)
    num_words = settings.pad.num_words
    table, ratios = ngrams.compute_ratios(ids, labels, groups(training), num_words, settings.ngrams)
    with atomic_folder(output) as folder:
        ngrams.write(table, ratios, folder)
    return table


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
