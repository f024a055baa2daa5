"""Accuracy on slices of the reviews."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.evaluation import intervals, slices


def test_by_length() -> None:
    lengths = np.arange(1, 301, dtype=np.int32)
    rows = slices.by_length(lengths, lengths > 150, lengths)
    extents = [(row["shortest"], row["words"], row["longest"], row["reviews"]) for row in rows]
    assert extents == [(start + 1, start + 15.5, start + 30, 30) for start in range(0, 300, 30)]
    assert [row["accuracy"] for row in rows] == [0] * 5 + [1] * 5
    assert (rows[0]["low"], rows[0]["high"]) == intervals.score_interval(0, 30)
    few = slices.by_length(lengths[:89], lengths[:89] > 0, lengths[:89])
    assert [row["reviews"] for row in few] == [45, 44]


@settings(max_examples=30)
@given(st.lists(st.integers(0, 8), min_size=1, max_size=120))
def test_slices_partition_the_reviews(lengths: list[int]) -> None:
    words, correct = np.array(lengths, np.int32), np.ones(len(lengths), np.bool_)
    rows = slices.by_length(words, correct, np.arange(len(words), dtype=np.int32))
    assert sum(row["reviews"] for row in rows) == len(lengths)
    ends = [end for row in rows for end in (row["shortest"], row["longest"])]
    assert ends == sorted(ends)
    assert len({row["longest"] for row in rows}) == len(rows)
    assert all((row["accuracy"] is None) is (len(lengths) < 30) for row in rows)


def test_accuracy_by_property() -> None:
    groups = np.arange(90, dtype=np.int32) // 3
    lengths = 2 + groups // 10
    whole, truncated = slices.by_property("truncated", lengths > 3, lengths != 3, groups)
    low, high = intervals.proportion_interval(lengths[:60] != 3, groups[:60]) or ()
    expected = {"reviews": 60, "accuracy": 0.5, "low": low, "high": high}
    assert whole == {"truncated": False} | expected
    assert (truncated["truncated"], truncated["reviews"], truncated["accuracy"]) == (True, 30, 1)
    _, none = slices.by_property("truncated", lengths > 10, lengths != 3, groups)
    assert none == {"truncated": True, "reviews": 0, "accuracy": None, "low": None, "high": None}
