"""Log-count ratios of the n-grams that end at each word, as an input of a network.

`pretraining.ngram_ratios` computes them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True)
class NgramRatios:
    """The ratios as a `WordInput`."""

    longest: int  # words of the longest n-gram
    num_words: int  # an upper bound of the ids, exclusive
    table: RatioTable
    training: CrossFittedRatios | None = None

    name = "ngram_ratios"
    learned_width = 0

    @property
    def width(self) -> int:
        """The ratios of each word: of the n-grams of 1 to `longest` words that end there."""
        return self.longest

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The table."""
        return vars(self.table)

    def compute(self, ids: NDArray[np.int32], *arrays: NDArray[Any]) -> NDArray[np.float32]:
        """Return the ratios at each word, 0 for unknown n-grams."""
        codes, ratios = arrays
        rows = find(codes, ids, self.longest, self.num_words)
        return np.where(rows < 0, np.float32(0), ratios[rows])


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
    word_codes = codes(ids, longest, num_words)
    places = np.minimum(np.searchsorted(known, word_codes), len(known) - 1)
    return np.where(known[places] == word_codes, places, -1).astype(np.int32)


def read(folder: Path) -> tuple[RatioTable, CrossFittedRatios]:
    """Return the arrays that `pretraining.ngram_ratios` wrote, memory-mapped."""
    codes, ratios, word_ratios, starts = (
        np.load(folder / f"{name}.npy", mmap_mode="r")
        for name in ("codes", "ratios", "word_ratios", "starts")
    )
    return RatioTable(codes, ratios), CrossFittedRatios(word_ratios, starts)
