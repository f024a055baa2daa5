"""Log-count ratios of the n-grams that end at each word, as inputs of a network.

Wang and Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic Classification", ACL
2012, equation 1: the log of how much more frequent an n-gram is in positive reviews than in
negative ones. If the label of a training review contributes to its own ratios, a network learns to
trust them too much. So each training review gets ratios computed from reviews of other groups
(cross-fitting, as in Chernozhukov et al., "Double/debiased machine learning", 2018, definition
3.1).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from birnn.core.outputs import atomic_folder
from birnn.networks.inputs.settings import Ngrams
from birnn.reviews import sequences
from birnn.reviews.sequences import PADDING
from birnn.runtime.errors import InputError

NO_NGRAM = -1


@dataclass(frozen=True)
class RatioTable:
    """The n-grams of the training reviews and their ratios."""

    # Sorted codes of the n-grams, int64, shape (n-grams,); see the function `codes`.
    codes: NDArray[np.int64]
    # Ratios computed from all training reviews, float32, shape (n-grams,).
    ratios: NDArray[np.float32]


@dataclass(frozen=True)
class CrossFittedRatios:
    """The ratios at each word of the training reviews, computed from other folds."""

    # Ratios of the n-grams that end at each word, float16, shape (words of all reviews, longest); 0
    # if there is no n-gram, or too few reviews of other folds have it.
    word_ratios: NDArray[np.float16]
    # The start of each review in `word_ratios`, and the end of the last, int64, shape (reviews +
    # 1,).
    starts: NDArray[np.int64]

    def select(self, ids: NDArray[np.int32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the ratios of some reviews, shape (reviews, maxlen, longest), 0 at padding."""
        ratios = np.zeros((*ids.shape, self.word_ratios.shape[1]), np.float32)
        parts = [self.word_ratios[self.starts[row] : self.starts[row + 1]] for row in rows]
        ratios[ids != PADDING] = np.concatenate(parts)
        return ratios


def codes(ids: NDArray[np.int32], longest: int, num_words: int) -> NDArray[np.int64]:
    """Return the codes of the n-grams of 1 to `longest` words that end at each word.

    The digits of a code, in base `num_words`, are the ids of its words. NO_NGRAM marks words too
    early in a review to end an n-gram of that length. Shape (words of all reviews, longest).

    `ids` are padded reviews, shape (reviews, maxlen), and below `num_words`.
    """
    if num_words**longest > np.iinfo(np.int64).max:
        raise InputError(
            f"pad.num_words is {num_words} and ngrams.longest is {longest}: reduce one of them, so "
            "that num_words to the power of longest is below 2^63"
        )
    is_word = ids != PADDING
    position = (is_word.cumsum(axis=1) - 1)[is_word]
    words = ids[is_word].astype(np.int64)
    word_codes = np.full((len(words), longest), NO_NGRAM, np.int64)
    code = np.zeros(len(words), np.int64)
    for before in range(longest):
        code[before:] += words[: len(words) - before] * num_words**before
        inside = position >= before
        word_codes[inside, before] = code[inside]
    return word_codes


def find(
    known: NDArray[np.int64], ids: NDArray[np.int32], longest: int, num_words: int
) -> NDArray[np.int32]:
    """Return the places of the n-grams that end at each word in sorted codes; -1 for others.

    The shape is (words of all reviews, longest).
    """
    found = codes(ids, longest, num_words)
    places = np.minimum(np.searchsorted(known, found), len(known) - 1)
    return np.where(known[places] == found, places, -1).astype(np.int32)


def log_count_ratios(
    positive: NDArray[np.float64], negative: NDArray[np.float64], smoothing: float
) -> NDArray[np.float64]:
    """Return r of Wang and Manning, equation 1, from the counts of `class_counts`.

    All arrays have the shape (n-grams,).
    """
    p, q = positive + smoothing, negative + smoothing
    ratios: NDArray[np.float64] = np.log((p / p.sum()) / (q / q.sum()))
    return ratios


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


def class_counts(
    present: scipy.sparse.csr_matrix, labels: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how many positive and how many negative reviews contain each n-gram.

    A review whose label is a probability counts as a fraction in both.
    """
    positive = labels.astype(np.float64)
    return present.T @ positive, present.T @ (1 - positive)


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


def write(table: RatioTable, cross_fitted: CrossFittedRatios, folder: Path) -> None:
    """Write `codes.npy`, `ratios.npy`, `word_ratios.npy` and `starts.npy`."""
    for name, array in (vars(table) | vars(cross_fitted)).items():
        np.save(folder / f"{name}.npy", array)


def read(folder: Path) -> tuple[RatioTable, CrossFittedRatios]:
    """Return the arrays written by `write`, memory-mapped."""
    codes, ratios, word_ratios, starts = (
        np.load(folder / f"{name}.npy", mmap_mode="r")
        for name in ("codes", "ratios", "word_ratios", "starts")
    )
    return RatioTable(codes, ratios), CrossFittedRatios(word_ratios, starts)
