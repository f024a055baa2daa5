"""Tests of n-gram ratios and their cross-fitting."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from birnn.networks.definition import Ngrams
from birnn.networks.inputs import ngrams
from birnn.networks.inputs.ngrams import CrossFittedRatios, RatioTable
from birnn.pretraining import ngram_ratios
from birnn.runtime.errors import InputError

WORDS = 30


def corpus() -> tuple[NDArray[np.int32], NDArray[np.uint8], NDArray[np.int32]]:
    rng = np.random.default_rng(0)
    ids = rng.integers(1, 9, (60, 8), np.int32)
    ids[np.arange(8) < rng.integers(0, 8, (60, 1))] = 0
    return ids, np.arange(60, dtype=np.uint8) % 2, np.arange(60, dtype=np.int32) // 3


def compute_ratios(
    ids: NDArray[np.int32], labels: NDArray[Any], groups: NDArray[np.int32], **changes: Any
) -> tuple[RatioTable, CrossFittedRatios]:
    defaults = {"longest": 2, "min_reviews": 2, "smoothing": 1, "folds": 3, "seed": 0}
    return ngram_ratios.compute_ratios(ids, labels, groups, WORDS, Ngrams(**(defaults | changes)))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([1, 1, 0], [(3 / 6) / (1 / 3), (3 / 6) / (2 / 3)]),
        # A review whose label is a probability counts as a fraction in both classes.
        ([1, 0.25, 0.5], [(2.25 / 5) / (1.75 / 4), (2.75 / 5) / (2.25 / 4)]),
    ],
)
def test_repeated_ngrams_count_once_per_review(labels: list[float], expected: list[float]) -> None:
    ids = np.array([[5, 5, 6], [5, 6, 0], [7, 6, 6]], np.int32)
    table, _ = compute_ratios(ids, np.array(labels), np.arange(3, dtype=np.int32), longest=1)
    assert table.codes.tolist() == [5, 6]
    assert table.ratios == pytest.approx(np.log(expected))


def test_ratios_do_not_depend_on_labels_in_the_same_fold() -> None:
    ids, labels, groups = corpus()
    _, before = compute_ratios(ids, labels, groups)
    fold = ngram_ratios.folds(groups, 3, 0)
    changed = labels.copy()
    changed[fold == 1] = 1 - changed[fold == 1]
    _, after = compute_ratios(ids, changed, groups)
    for number in range(3):
        in_fold = np.repeat(fold == number, np.diff(before.starts))
        is_equal = np.array_equal(before.word_ratios[in_fold], after.word_ratios[in_fold])
        assert is_equal == (number == 1)


def test_folds_have_whole_groups_and_equal_sizes() -> None:
    groups = np.repeat(np.arange(100, dtype=np.int32), 3)[::-1]
    folds = ngram_ratios.folds(groups, 10, 0)
    assert all(len(set(folds[groups == group])) == 1 for group in range(100))
    assert np.bincount(folds).tolist() == [30] * 10
    assert not np.array_equal(folds, ngram_ratios.folds(groups, 10, 1))


def test_selected_ratios_are_aligned_with_words() -> None:
    ids, labels, groups = corpus()
    _, cross_fitted = compute_ratios(ids, labels, groups)
    rows = np.array([9, 4, 51])
    ratios = cross_fitted.select(ids[rows], rows)
    assert ratios.shape == (3, 8, 2)
    assert not ratios[ids[rows] == 0].any()
    for row, review_ratios in zip(rows, ratios, strict=True):
        start, end = cross_fitted.starts[row : row + 2]
        assert np.array_equal(review_ratios[ids[row] != 0], cross_fitted.word_ratios[start:end])
    _, none = compute_ratios(ids, labels, groups, longest=0)
    assert none.select(ids, np.arange(60)).shape == (60, 8, 0)


def test_rare_ngrams_have_no_ratio() -> None:
    ids, labels, groups = corpus()
    ids[0, -1] = 29
    table, cross_fitted = compute_ratios(ids, labels, groups, longest=1)
    assert 29 not in table.codes
    assert cross_fitted.word_ratios[cross_fitted.starts[1] - 1] == 0
    ids[-1, -1] = 29  # in few reviews of the other folds
    table, cross_fitted = compute_ratios(ids, labels, groups, longest=1)
    assert 29 in table.codes
    assert cross_fitted.word_ratios[cross_fitted.starts[1] - 1] == 0
    with pytest.raises(InputError, match=r"ngrams\.min_reviews is 1000: no n-gram is in that many"):
        compute_ratios(ids, labels, groups, min_reviews=1_000)


def test_codes_are_sorted_and_round_trip(tmp_path: Path) -> None:
    written = compute_ratios(*corpus(), longest=3)
    assert (np.diff(written[0].codes) > 0).all()
    ngram_ratios.write(*written, tmp_path)
    for part, expected in zip(ngrams.read(tmp_path), written, strict=True):
        for name, array in vars(expected).items():
            assert np.array_equal(getattr(part, name), array)
