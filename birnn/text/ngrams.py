"""Log-count ratios of the n-grams that end at each word, as inputs of a network.

Wang and Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic Classification", ACL
2012, equation 1: the log of how much more frequent an n-gram is in positive reviews than in
negative ones. A review's own label is in that, so a training review is given ratios that reviews of
other groups tell (cross-fitting, as in Chernozhukov et al., "Double/debiased machine learning",
2018, definition 3.1). With ratios that know their label, a network learns to trust them too far.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from birnn.core.errors import InputError
from birnn.core.settings import Ngrams as Settings
from birnn.text.encoding import PADDING

NO_NGRAM = -1


@dataclass(frozen=True)
class RatioTable:
    """The n-grams of training reviews.

    Attributes:
        codes: of the n-grams, rising, int64, shape (n-grams,), see `codes`.
        ratios: of all training reviews, float32, shape (n-grams,).
    """

    codes: NDArray[np.int64]
    ratios: NDArray[np.float32]


@dataclass(frozen=True)
class CrossFittedRatios:
    """The ratios that each training review is given.

    Attributes:
        word_ratios: float16, shape (words of all reviews, longest): 0 where no n-gram ends, or where
            too few reviews of other folds have it.
        starts: where each review begins in `word_ratios`, and the last one ends, shape (reviews + 1,).
    """

    word_ratios: NDArray[np.float16]
    starts: NDArray[np.int64]

    def select(self, ids: NDArray[np.int32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the ratios of some reviews, shape (reviews, maxlen, longest), 0 for padding."""
        ratios = np.zeros((*ids.shape, self.word_ratios.shape[1]), np.float32)
        parts = [self.word_ratios[self.starts[row] : self.starts[row + 1]] for row in rows]
        ratios[ids != PADDING] = np.concatenate(parts)
        return ratios


def codes(ids: NDArray[np.int32], longest: int, num_words: int) -> NDArray[np.int64]:
    """Return the codes of the n-grams of 1 to `longest` words that end at each word.

    A code has the ids as digits to the base `num_words`; NO_NGRAM is where a review has no n-gram
    of that length yet. Shape (words of all reviews, longest).

    Args:
        ids: padded reviews, shape (reviews, maxlen).
        longest: words of the longest n-gram.
        num_words: ids are below this number.

    Raises:
        InputError: codes are too large for 64 bits.
    """
    if num_words**longest > np.iinfo(np.int64).max:
        raise InputError(
            f"pad.num_words is {num_words} and ngrams.longest {longest}: choose a smaller one, so "
            "that num_words to the power of longest is below 2^63"
        )
    is_word = ids != PADDING
    place = (is_word.cumsum(axis=1) - 1)[is_word]
    words = ids[is_word].astype(np.int64)
    found = np.full((len(words), longest), NO_NGRAM, np.int64)
    code = np.zeros(len(words), np.int64)
    for before in range(longest):
        code[before:] += words[: len(words) - before] * num_words**before
        inside = place >= before
        found[inside, before] = code[inside]
    return found


def log_count_ratios(
    positive: NDArray[np.int64], negative: NDArray[np.int64], smoothing: float
) -> NDArray[np.float64]:
    """Return the r of Wang and Manning, equation 1, float64, shape (n-grams,).

    Args:
        positive: positive reviews that have an n-gram, shape (n-grams,).
        negative: negative ones.
        smoothing: added to each count.
    """
    p, q = positive + np.float64(smoothing), negative + np.float64(smoothing)
    ratios: NDArray[np.float64] = np.log((p / p.sum()) / (q / q.sum()))
    return ratios


def weigh(
    ids: NDArray[np.int32],
    labels: NDArray[np.uint8],
    groups: NDArray[np.int32],
    num_words: int,
    settings: Settings,
) -> tuple[RatioTable, CrossFittedRatios]:
    """Return the table of training reviews, and what each of them is given.

    Args:
        ids: padded reviews, shape (reviews, maxlen).
        labels: 1 positive, 0 negative, shape (reviews,).
        groups: a number for the group of each review, shape (reviews,).
        num_words: ids are below this number.
        settings: lengths, folds, and which n-grams count.

    Raises:
        InputError: no n-gram counts, or codes are too large for 64 bits.
    """
    word_ratios = codes(ids, settings.longest, num_words)
    known, numbers = np.unique(word_ratios, return_inverse=True)
    numbers = numbers.reshape(word_ratios.shape)
    starts = np.append(0, (ids != PADDING).sum(axis=1).cumsum())
    present = _present(numbers, starts, len(known))
    counts = np.asarray(present.sum(axis=0)).ravel()
    kept = (counts >= settings.min_reviews) & (known != NO_NGRAM)
    if settings.longest and not kept.any():
        raise InputError(
            f"ngrams.min_reviews is {settings.min_reviews}: no n-gram is in as many of the "
            f"{len(ids)} training reviews; choose a smaller number"
        )
    present = present[:, kept]
    # NO_NGRAM and rare n-grams get the last number, of which the ratio is 0.
    numbers = np.where(kept, np.cumsum(kept) - 1, kept.sum())[numbers]
    given = np.empty(numbers.shape, np.float16)
    review_folds = folds(groups, settings.folds, settings.seed)
    word_folds = np.repeat(review_folds, np.diff(starts))
    for fold in range(settings.folds):
        others = review_folds != fold
        ratios = np.append(_ratios(present[others], labels[others], settings), 0)
        given[word_folds == fold] = ratios[numbers[word_folds == fold]]
    table = RatioTable(known[kept], _ratios(present, labels, settings).astype(np.float32))
    return table, CrossFittedRatios(given, starts)


def folds(groups: NDArray[np.int32], count: int, seed: int) -> NDArray[np.int64]:
    """Return a fold for each review, shape (reviews,), the same for all of one group."""
    _, group_index = np.unique(groups, return_inverse=True)
    of_groups = np.random.default_rng(seed).permutation(group_index.max() + 1) % count
    of_reviews: NDArray[np.int64] = of_groups[group_index]
    return of_reviews


def _present(
    numbers: NDArray[np.int64], starts: NDArray[np.int64], ngrams: int
) -> scipy.sparse.csr_matrix:
    """Return 1 where a review has an n-gram, int32, shape (reviews, n-grams)."""
    columns, longest = numbers.ravel(), numbers.shape[1]
    counts = np.ones(len(columns), np.int32)
    present = scipy.sparse.csr_matrix(
        (counts, columns, starts * longest), (len(starts) - 1, ngrams)
    )
    present.sum_duplicates()
    present.data[:] = 1
    return present


def _ratios(
    present: scipy.sparse.csr_matrix, labels: NDArray[np.uint8], settings: Settings
) -> NDArray[np.float64]:
    """Return the ratios of n-grams, 0 of those that too few of these reviews have."""
    positive, negative = (
        np.asarray(present[labels == label].sum(axis=0)).ravel() for label in (1, 0)
    )
    ratios = log_count_ratios(positive, negative, settings.smoothing)
    return np.where(positive + negative >= settings.min_reviews, ratios, 0)


def write(table: RatioTable, given: CrossFittedRatios, folder: Path) -> None:
    """Write `codes.npy` and `ratios.npy` of the table, `word_ratios.npy` and `starts.npy` of given."""
    for arrays in (table, given):
        for field in fields(arrays):
            np.save(folder / f"{field.name}.npy", getattr(arrays, field.name))


def read(folder: Path) -> tuple[RatioTable, CrossFittedRatios]:
    """Return what `write` wrote, memory-mapped."""
    names = [field.name for kind in (RatioTable, CrossFittedRatios) for field in fields(kind)]
    codes, ratios, word_ratios, starts = (
        np.load(folder / f"{name}.npy", mmap_mode="r") for name in names
    )
    return RatioTable(codes, ratios), CrossFittedRatios(word_ratios, starts)
