"""Accuracy on slices of the reviews."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.evaluation import intervals, slices

EMPTY = {"reviews": 0, "accuracy": None, "low": None, "high": None}


def test_by_length() -> None:
    lengths = np.arange(1, 101, dtype=np.int32)
    rows = slices.by_length(lengths, lengths > 50, lengths)
    extents = [(row["shortest"], row["words"], row["longest"], row["reviews"]) for row in rows]
    assert extents == [(start + 1, start + 5.5, start + 10, 10) for start in range(0, 100, 10)]
    assert [row["accuracy"] for row in rows] == [0] * 5 + [1] * 5
    assert (rows[0]["low"], rows[0]["high"]) == intervals.score_interval(0, 10)


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
    lengths, correct = np.array([2, 3, 4], np.int32), np.array([True, False, True])
    whole, truncated = slices.by_truncation(lengths, 4, correct, lengths)
    assert (whole["truncated"], whole["reviews"], whole["accuracy"]) == (False, 2, 0.5)
    assert (truncated["truncated"], truncated["reviews"], truncated["accuracy"]) == (True, 1, 1)
    assert slices.by_truncation(lengths, 10, correct, lengths)[1] == {"truncated": True} | EMPTY


def test_accuracy_by_overlap() -> None:
    in_training, correct = np.array([[1, 0, 0, 1, 0], [1, 1, 0, 1, 0]], np.bool_)
    groups = np.array([0, 1, 1, 2, 3], np.int32)
    apart, shared = slices.by_overlap(in_training, correct, groups)
    low, high = intervals.proportion_interval(correct[~in_training], groups[~in_training]) or ()
    expected = {"reviews": 3, "accuracy": 1 / 3, "low": low, "high": high}
    assert apart == {"in_training": False} | expected
    assert (shared["in_training"], shared["reviews"], shared["accuracy"]) == (True, 2, 1)
    _, none = slices.by_overlap(np.zeros(5, np.bool_), correct, groups)
    assert none == {"in_training": True} | EMPTY
