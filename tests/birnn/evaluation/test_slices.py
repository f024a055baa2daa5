"""Accuracy on slices of the reviews."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from birnn.evaluation import slices


def test_by_length() -> None:
    lengths = np.arange(1, 101, dtype=np.int32)
    rows = slices.by_length(lengths, lengths > 50, lengths)
    assert [row["reviews"] for row in rows] == [10] * 10
    assert [(row["shortest"], row["longest"]) for row in rows[:2]] == [(1, 10), (11, 20)]
    assert rows[0]["words"] == 5.5
    assert [row["accuracy"] for row in rows] == [0] * 5 + [1] * 5
    assert rows[0]["low"] == 0 < rows[0]["high"]


@given(st.lists(st.integers(0, 8), min_size=1, max_size=60))
def test_slices_partition_the_reviews(lengths: list[int]) -> None:
    words = np.array(lengths, np.int32)
    rows = slices.by_length(
        words, np.ones(len(words), np.bool_), np.arange(len(words), dtype=np.int32)
    )
    assert sum(row["reviews"] for row in rows) == len(lengths)
    assert all(row["reviews"] > 0 for row in rows)
    ends = [end for row in rows for end in (row["shortest"], row["longest"])]
    assert ends == sorted(ends)
    assert len({row["longest"] for row in rows}) == len(rows)


def test_truncation_counts_the_start_id() -> None:
    lengths = np.array([2, 3, 4], np.int32)
    whole, truncated = slices.by_truncation(lengths, 4, np.array([True, False, True]), lengths)
    assert (whole["truncated"], whole["reviews"], whole["accuracy"]) == (False, 2, 0.5)
    assert (truncated["truncated"], truncated["reviews"], truncated["accuracy"]) == (True, 1, 1)


def test_empty_slice_has_no_accuracy() -> None:
    lengths = np.array([2, 3], np.int32)
    _, truncated = slices.by_truncation(lengths, 10, np.ones(2, np.bool_), lengths)
    expected = {"truncated": True, "reviews": 0, "accuracy": None, "low": None, "high": None}
    assert truncated == expected


def test_accuracy_interval() -> None:
    films = np.arange(263, dtype=np.int32)
    measured = slices.accuracy(films < 81, films)
    assert (measured["low"], measured["high"]) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_accuracy_by_overlap() -> None:
    in_training = np.array([True, False, False, True, False])
    correct = np.array([True, True, False, True, False])
    groups = np.arange(5, dtype=np.int32)
    apart, shared = slices.by_overlap(in_training, correct, groups)
    assert (apart["in_training"], apart["reviews"]) == (False, 3)
    assert apart["accuracy"] == pytest.approx(1 / 3)
    assert (shared["in_training"], shared["reviews"], shared["accuracy"]) == (True, 2, 1)
    _, none = slices.by_overlap(np.zeros(5, np.bool_), correct, groups)
    assert none == {"in_training": True, "reviews": 0, "accuracy": None, "low": None, "high": None}
