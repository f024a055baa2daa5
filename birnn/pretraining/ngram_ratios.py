"""Log-count ratios of n-grams, as inputs of a network: for new text, and for training reviews.

If the label of a training review contributes to its own ratios, a network learns to trust them too
much. So each training review gets ratios computed from reviews of other groups (cross-fitting, as
in Chernozhukov et al., "Double/debiased machine learning", 2018, definition 3.1).
"""

from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from birnn.core.outputs import atomic_folder
from birnn.networks.definition import Ngrams
from birnn.networks.inputs.ngrams import NO_NGRAM, CrossFittedRatios, RatioTable, codes
from birnn.reviews import sequences
from birnn.reviews.log_count_ratios import class_counts, log_count_ratios
from birnn.reviews.sequences import PADDING
from birnn.runtime.errors import InputError


def weigh(
    training: Path, groups: NDArray[np.int32], num_words: int, settings: Ngrams, output: Path
) -> RatioTable:
    """Write the ratios of the reviews in a folder (see `sequences`); return those for new reviews.

    The other arguments are as in `compute_ratios`.
    """
    ids, labels = sequences.read(training)
    table, ratios = compute_ratios(ids, labels, groups, num_words, settings)
    with atomic_folder(output) as folder:
        write(table, ratios, folder)
    return table


def compute_ratios(
    ids: NDArray[np.int32],
    labels: NDArray[Any],
    groups: NDArray[np.int32],
    num_words: int,
    settings: Ngrams,
) -> tuple[RatioTable, CrossFittedRatios]:
    """Compute the ratio table and the cross-fitted ratios of the training reviews.

    Args:
        ids: padded reviews, shape (reviews, maxlen).
        labels: 1 positive, 0 negative, or the probability of positive, shape (reviews,).
        groups: the group number of each review, shape (reviews,).
        num_words: an upper bound of the ids, exclusive.
        settings: the settings of n-grams.
    """
    word_codes = codes(ids, settings.longest, num_words)
    unique_codes, columns = np.unique(word_codes, return_inverse=True)
    columns = columns.reshape(word_codes.shape)
    starts = np.append(0, (ids != PADDING).sum(axis=1).cumsum())
    present = _present(columns, starts, len(unique_codes))
    counts = np.asarray(present.sum(axis=0)).ravel()
    frequent = (counts >= settings.min_reviews) & (unique_codes != NO_NGRAM)
    if settings.longest and not frequent.any():
        raise InputError(
            f"ngrams.min_reviews is {settings.min_reviews}: no n-gram is in that many of the "
            f"{len(ids)} training reviews; choose a smaller number"
        )
    present = present[:, frequent]
    # NO_NGRAM and rare n-grams get an extra last column, whose ratio is 0.
    columns = np.where(frequent, np.cumsum(frequent) - 1, frequent.sum())[columns]
    word_ratios = np.empty(columns.shape, np.float16)
    review_folds = folds(groups, settings.folds, settings.seed)
    word_folds = np.repeat(review_folds, np.diff(starts))
    for fold in range(settings.folds):
        others = review_folds != fold
        ratios = np.append(_ratios(present[others], labels[others], settings), 0)
        word_ratios[word_folds == fold] = ratios[columns[word_folds == fold]]
    table = RatioTable(
        unique_codes[frequent], _ratios(present, labels, settings).astype(np.float32)
    )
    return table, CrossFittedRatios(word_ratios, starts)


def folds(groups: NDArray[np.int32], count: int, seed: int) -> NDArray[np.int64]:
    """Assign each review to a fold, whole groups at a time, int64, shape (reviews,)."""
    _, group_index = np.unique(groups, return_inverse=True)
    group_folds = np.random.default_rng(seed).permutation(group_index.max() + 1) % count
    review_folds: NDArray[np.int64] = group_folds[group_index]
    return review_folds


def _present(
    columns: NDArray[np.int64], starts: NDArray[np.int64], ngrams: int
) -> scipy.sparse.csr_matrix:
    """Return 1 if a review contains an n-gram and 0 if not, int32, shape (reviews, n-grams)."""
    ones = np.ones(columns.size, np.int32)
    present = scipy.sparse.csr_matrix(
        (ones, columns.ravel(), starts * columns.shape[1]), (len(starts) - 1, ngrams)
    )
    present.sum_duplicates()
    present.data[:] = 1
    return present


def _ratios(
    present: scipy.sparse.csr_matrix, labels: NDArray[Any], settings: Ngrams
) -> NDArray[np.float64]:
    """Return the ratios of n-grams, 0 for n-grams that are too rare in these reviews."""
    positive, negative = class_counts(present, labels)
    ratios = log_count_ratios(positive, negative, settings.smoothing)
    counts = np.asarray(present.sum(axis=0)).ravel()
    return np.where(counts >= settings.min_reviews, ratios, 0)


def write(table: RatioTable, cross_fitted: CrossFittedRatios, folder: Path) -> None:
    """Write `codes.npy`, `ratios.npy`, `word_ratios.npy` and `starts.npy`."""
    for name, array in (vars(table) | vars(cross_fitted)).items():
        np.save(folder / f"{name}.npy", array)
