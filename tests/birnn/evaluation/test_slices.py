"""Accuracy on slices of the reviews."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.evaluation import intervals, slices

UNKNOWN = {"accuracy": None, "low": None, "high": None}


def test_by_length() -> None:
    lengths = np.arange(1, 301, dtype=np.int32)
    rows = slices.by_length(lengths, lengths > 150, lengths)
    extents = [(row["shortest"], row["words"], row["longest"], row["reviews"]) for row in rows]
    assert extents == [(start + 1, start + 15.5, start + 30, 30) for start in range(0, 300, 30)]
    assert [row["accuracy"] for row in rows] == [0] * 5 + [1] * 5
    assert (rows[0]["low"], rows[0]["high"]) == intervals.score_interval(0, 30)


@pytest.mark.parametrize(("reviews", "sizes"), [(29, [29]), (89, [45, 44])])
def test_small_slices_have_no_accuracy(reviews: int, sizes: list[int]) -> None:
    lengths = np.arange(reviews, dtype=np.int32)
    rows = slices.by_length(lengths, lengths >= 0, lengths)
    assert [row["reviews"] for row in rows] == sizes
    for row in rows:
        assert (row | UNKNOWN == row) is (row["reviews"] < 30)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 8), min_size=1, max_size=60))
def test_slices_partition_the_reviews(lengths: list[int]) -> None:
    words, correct = np.array(lengths, np.int32), np.ones(len(lengths), np.bool_)
    rows = slices.by_length(words, correct, np.arange(len(words), dtype=np.int32))
    assert sum(row["reviews"] for row in rows) == len(lengths)
    ends = [end for row in rows for end in (row["shortest"], row["longest"])]
    assert ends == sorted(ends)
    assert len({row["longest"] for row in rows}) == len(rows)


def test_truncation_counts_the_start_id() -> None:
    lengths, groups = np.repeat(np.array([2, 3, 4], np.int32), 30), np.arange(90, dtype=np.int32)
    whole, truncated = slices.by_truncation(lengths, 4, lengths != 3, groups)
    assert (whole["truncated"], whole["reviews"], whole["accuracy"]) == (False, 60, 0.5)
    assert (truncated["truncated"], truncated["reviews"], truncated["accuracy"]) == (True, 30, 1)
    _, none = slices.by_truncation(lengths, 10, lengths != 3, groups)
    assert none == {"truncated": True, "reviews": 0} | UNKNOWN


def test_accuracy_by_overlap() -> None:
    in_training, correct = np.tile([[1, 0, 0, 1, 0], [1, 1, 0, 1, 0]], 15).astype(np.bool_)
    groups = np.repeat(np.arange(25, dtype=np.int32), 3)
    apart, shared = slices.by_overlap(in_training, correct, groups)
    low, high = intervals.proportion_interval(correct[~in_training], groups[~in_training]) or ()
    expected = {"reviews": 45, "accuracy": 1 / 3, "low": low, "high": high}
    assert apart == {"in_training": False} | expected
    assert (shared["in_training"], shared["reviews"], shared["accuracy"]) == (True, 30, 1)
