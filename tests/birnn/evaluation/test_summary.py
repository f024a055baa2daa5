"""Metrics of all models: slices, pairs, and rounding."""

from itertools import combinations
from operator import itemgetter
from typing import Any

import numpy as np
import pytest

from birnn.evaluation import calibration, intervals, metrics, summary
from birnn.evaluation.model_names import BASELINE, NETWORKS, TITLES, comparisons
from tests.birnn import samples


def correct(columns: dict[str, Any], name: str) -> np.ndarray:
    return np.equal(columns[name] > 0, columns["label"])


def test_metrics_are_of_each_model_rounded() -> None:
    columns = samples.predictions()
    columns["group"] //= 2
    measured = samples.metrics(columns)
    for name in TITLES:
        scores, arguments = measured[name], (columns["label"], columns[name])
        curve = calibration.reliability(*arguments, columns["group"])
        expected = metrics.compute_scores(*arguments, columns[name]) | {
            "ece": calibration.expected_calibration_error(curve)
        }
        assert {key: scores[key] for key in expected} == summary.rounded(expected)
        interval = intervals.proportion_interval(correct(columns, name), columns["group"])
        assert scores["accuracy_interval"] == summary.rounded(interval)
        assert scores["parameters"] == samples.costs()[name]["parameters"]
        arguments = (correct(columns, name), columns["group"])
        in_training = columns["words"] < samples.MEMORIZED
        for kind, rows in {
            "by_length": list(summary.by_length(columns["words"], *arguments)),
            "by_truncation": summary.by_property("truncated", columns["words"] >= 100, *arguments),
            "by_overlap": summary.by_property("in_training", in_training, *arguments),
        }.items():
            assert scores[kind] == summary.rounded(rows)


def test_pairs_are_compared_on_the_same_reviews() -> None:
    columns = samples.predictions()
    columns["group"] //= 2
    measured = samples.metrics(columns)
    pairs = list(combinations(NETWORKS, 2))
    compared = comparisons(measured)
    assert list(compared) == pairs
    against = {(BASELINE, each.pop("network")): each for each in measured[BASELINE]["against"]}
    assert list(against) == [(BASELINE, network) for network in NETWORKS]
    for pair, found in (compared | against).items():
        number = len(pairs) if pair in pairs else 1
        first, second = (correct(columns, name) for name in pair)
        expected = summary.compare(first, second, columns["group"], comparisons=number)
        assert found == summary.rounded(expected)


def test_only_floats_are_rounded() -> None:
    content = {"a": [0.123456, (1 / 3, None)], "b": 7, "c": True, "d": np.float64(2 / 3)}
    expected = {"a": [0.1235, [0.3333, None]], "b": 7, "c": True, "d": 0.6667}
    assert summary.rounded(content) == expected


def test_by_length() -> None:
    lengths = np.arange(1, 301, dtype=np.int32)
    rows = list(summary.by_length(lengths, lengths > 150, lengths))
    extents = [(row["shortest"], row["words"], row["longest"], row["reviews"]) for row in rows]
    assert extents == [(start + 1, start + 15.5, start + 30, 30) for start in range(0, 300, 30)]
    assert [row["accuracy"] for row in rows] == [0] * 5 + [1] * 5
    assert (rows[0]["low"], rows[0]["high"]) == intervals.score_interval(0, 30)
    few = summary.by_length(lengths[:89], lengths[:89] > 0, lengths[:89])
    assert [row["reviews"] for row in few] == [45, 44]
    (alone,) = summary.by_length(lengths[:29], lengths[:29] > 0, lengths[:29])
    assert (alone["reviews"], alone["accuracy"]) == (29, None)
    # Reviews of equal length share a slice.
    tied = np.repeat(lengths[:3], [100, 1, 100])
    rows = list(summary.by_length(tied, tied > 0, np.arange(201, dtype=np.int32)))
    ends = [(row["shortest"], row["longest"], row["reviews"]) for row in rows]
    assert ends == [(1, 1, 100), (2, 3, 101)]


def test_accuracy_by_property() -> None:
    groups = np.arange(90, dtype=np.int32) // 3
    lengths = 2 + groups // 10
    whole, truncated = summary.by_property("truncated", lengths > 3, lengths != 3, groups)
    low, high = intervals.proportion_interval(lengths[:60] != 3, groups[:60])
    expected = {"reviews": 60, "accuracy": 0.5, "low": low, "high": high}
    assert whole == {"truncated": False} | expected
    assert (truncated["truncated"], truncated["reviews"], truncated["accuracy"]) == (True, 30, 1)
    _, none = summary.by_property("truncated", lengths > 10, lengths != 3, groups)
    assert none == {"truncated": True, "reviews": 0, "accuracy": None, "low": None, "high": None}


interval = itemgetter("difference_low", "difference_high")


def test_counts() -> None:
    first = np.array([1, 1, 1, 1, 1, 0, 0, 0], np.bool_)
    second = np.array([1, 1, 0, 0, 0, 1, 0, 0], np.bool_)
    compared = summary.compare(first, second, np.arange(8, dtype=np.int32))
    assert compared["accuracy_difference"] == 0.25
    assert interval(compared) == intervals.paired_difference_interval(3, 1, 8)
    assert compared["contingency"] == [[2, 3], [1, 2]]


def test_likeness_of_groups_widens_the_interval() -> None:
    columns = ([True, False, True], [False, True, True])
    first, second = (np.repeat(column, [45, 10, 100]) for column in columns)
    differences = first.astype(int) - second
    for groups in (np.arange(155) // 5, np.arange(155) // 4):
        effect = intervals.design_effect(differences - differences.mean(), groups, 2)
        expected = intervals.paired_difference_interval(45 / effect, 10 / effect, 155 / effect, 2)
        compared = summary.compare(first, second, groups, comparisons=2)
        assert interval(compared) == pytest.approx(expected)
