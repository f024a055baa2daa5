"""Tests of n-gram codes, ratios, and cross-fitting."""

from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from birnn.core.errors import InputError
from birnn.core.settings import Ngrams
from birnn.layers.embeddings import NgramEmbedding
from birnn.text import ngrams
from birnn.text.ngrams import NO_NGRAM
from tests.birnn.layers.test_embeddings_and_pooling import padded_reviews

WORDS = 30


def settings(**changes: Any) -> Ngrams:
    defaults = {"longest": 2, "min_reviews": 2, "smoothing": 1, "folds": 3, "seed": 0}
    return Ngrams(**(defaults | changes))


def corpus(
    reviews: int = 60, maxlen: int = 8
) -> tuple[NDArray[np.int32], NDArray[np.uint8], NDArray[np.int32]]:
    """Return padded reviews, their labels and their groups."""
    rng = np.random.default_rng(0)
    ids = rng.integers(1, 9, (reviews, maxlen), np.int32)
    ids[np.arange(maxlen) < rng.integers(0, maxlen, (reviews, 1))] = 0
    return ids, np.arange(reviews, dtype=np.uint8) % 2, np.arange(reviews, dtype=np.int32) // 3


def test_codes_cover_the_words_up_to_a_position() -> None:
    ids = np.array([[0, 7, 5, 6], [5, 6, 0, 0]], np.int32)
    assert ngrams.codes(ids, 3, 10).tolist() == [
        [7, NO_NGRAM, NO_NGRAM],
        [5, 75, NO_NGRAM],
        [6, 56, 756],
        [5, NO_NGRAM, NO_NGRAM],
        [6, 56, NO_NGRAM],
    ]


@given(ids=padded_reviews(), longest=st.integers(1, 4))
def test_network_computes_the_same_codes(ids: NDArray[np.int32], longest: int) -> None:
    codes = ngrams.codes(ids, longest, WORDS)
    table = np.unique(codes[codes != NO_NGRAM])
    embedding = NgramEmbedding(WORDS, 1, longest=longest, ngrams=len(table))
    embedding.table.codes.assign(table)
    embedding.table.ratios.assign(np.arange(1, len(table) + 1))
    expected = np.where(codes == NO_NGRAM, 0, np.searchsorted(table, codes) + 1)
    ratios = embedding(ids).numpy()[..., 1:]
    assert ratios[ids != 0].tolist() == expected.tolist()
    assert not ratios[ids == 0].any()


def test_ratio_matches_the_paper() -> None:
    positive, negative = np.array([3, 0]), np.array([1, 4])
    ratios = ngrams.log_count_ratios(positive, negative, smoothing=1)
    assert ratios == pytest.approx(np.log([(4 / 5) / (2 / 7), (1 / 5) / (5 / 7)]))


def test_repeated_ngrams_count_once_per_review() -> None:
    ids = np.array([[5, 5, 6], [5, 6, 0], [7, 6, 6]], np.int32)
    table, _ = ngrams.compute_ratios(
        ids, np.array([1, 1, 0], np.uint8), np.arange(3, dtype=np.int32), 10, settings(longest=1)
    )
    assert table.codes.tolist() == [5, 6]
    expected = np.log([(3 / 6) / (1 / 3), (3 / 6) / (2 / 3)])
    assert table.ratios == pytest.approx(expected)


def test_ratios_do_not_depend_on_labels_in_the_same_fold() -> None:
    ids, labels, groups = corpus()
    _, before = ngrams.compute_ratios(ids, labels, groups, WORDS, settings())
    fold = ngrams.folds(groups, 3, 0)
    changed = labels.copy()
    changed[fold == 1] = 1 - changed[fold == 1]
    _, after = ngrams.compute_ratios(ids, changed, groups, WORDS, settings())
    for number in range(3):
        in_fold = np.repeat(fold == number, np.diff(before.starts))
        is_equal = np.array_equal(before.word_ratios[in_fold], after.word_ratios[in_fold])
        assert is_equal == (number == 1)


def test_folds_have_whole_groups_and_equal_sizes() -> None:
    groups = np.repeat(np.arange(100, dtype=np.int32), 3)[::-1]
    folds = ngrams.folds(groups, 10, 0)
    assert all(len(set(folds[groups == group])) == 1 for group in range(100))
    assert np.bincount(folds).tolist() == [30] * 10
    assert not np.array_equal(folds, ngrams.folds(groups, 10, 1))


def test_selected_ratios_are_aligned_with_words() -> None:
    ids, labels, groups = corpus()
    _, cross_fitted = ngrams.compute_ratios(ids, labels, groups, WORDS, settings())
    rows = np.array([9, 4, 51])
    ratios = cross_fitted.select(ids[rows], rows)
    assert ratios.shape == (3, 8, 2)
    assert not ratios[ids[rows] == 0].any()
    for row, review_ratios in zip(rows, ratios, strict=True):
        start, end = cross_fitted.starts[row : row + 2]
        assert np.array_equal(review_ratios[ids[row] != 0], cross_fitted.word_ratios[start:end])


def test_rare_ngrams_have_no_ratio() -> None:
    ids, labels, groups = corpus()
    ids[0, -1] = 29
    table, cross_fitted = ngrams.compute_ratios(ids, labels, groups, WORDS, settings(longest=1))
    assert 29 not in table.codes
    assert cross_fitted.word_ratios[cross_fitted.starts[1] - 1] == 0


def test_only_rare_ngrams_are_refused() -> None:
    ids, labels, groups = corpus()
    with pytest.raises(InputError, match=r"ngrams\.min_reviews is 1000: no n-gram is in that many"):
        ngrams.compute_ratios(ids, labels, groups, WORDS, settings(min_reviews=1_000))


def test_codes_are_sorted_and_round_trip(tmp_path: Path) -> None:
    ids, labels, groups = corpus()
    written = ngrams.compute_ratios(ids, labels, groups, WORDS, settings(longest=3))
    assert all(before < after for before, after in pairwise(written[0].codes))
    ngrams.write(*written, tmp_path)
    table, cross_fitted = ngrams.read(tmp_path)
    assert np.array_equal(table.codes, written[0].codes)
    assert np.array_equal(table.ratios, written[0].ratios)
    assert np.array_equal(cross_fitted.word_ratios, written[1].word_ratios)
    assert np.array_equal(cross_fitted.starts, written[1].starts)


def test_longest_0_gives_no_ratios() -> None:
    ids, labels, groups = corpus()
    table, cross_fitted = ngrams.compute_ratios(ids, labels, groups, WORDS, settings(longest=0))
    assert len(table.codes) == 0
    assert cross_fitted.select(ids, np.arange(60)).shape == (60, 8, 0)


def test_codes_beyond_64_bits_are_refused() -> None:
    ids = np.ones((1, 3), np.int32)
    with pytest.raises(InputError, match=r"pad\.num_words is 10000000 and ngrams\.longest is 3"):
        ngrams.codes(ids, 3, 10_000_000)


def test_probabilities_count_as_fractions_of_both_classes() -> None:
    present = scipy.sparse.csr_matrix(np.array([[1, 0], [1, 1], [0, 1]], np.int32))
    positive, negative = ngrams.class_counts(present, np.array([1, 0.25, 0.5]))
    assert positive.tolist() == [1.25, 0.75]
    assert negative.tolist() == [0.75, 1.25]


def test_probabilities_of_0_and_1_are_labels() -> None:
    ids, labels, groups = corpus()
    for hard, soft in zip(
        ngrams.compute_ratios(ids, labels, groups, WORDS, settings()),
        ngrams.compute_ratios(ids, labels.astype(np.float32), groups, WORDS, settings()),
        strict=True,
    ):
        for field in fields(hard):
            assert (getattr(hard, field.name) == getattr(soft, field.name)).all()
