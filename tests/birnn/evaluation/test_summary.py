"""Metrics of all models: pairs, slices, best epochs, and rounding."""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from birnn.evaluation import calibration, comparison, intervals, metrics, slices, summary
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
        expected = metrics.compute_scores(*arguments) | {
            "ece": calibration.expected_calibration_error(curve)
        }
        assert {key: scores[key] for key in expected} == summary.rounded(expected)
        interval = intervals.auc_interval(*arguments, columns["group"])
        assert scores["roc_auc_interval"] == summary.rounded(interval)
        interval = intervals.proportion_interval(correct(columns, name), columns["group"])
        assert scores["accuracy_interval"] == summary.rounded(interval)
        assert scores["parameters"] == samples.costs()[name]["parameters"]
        arguments = (correct(columns, name), columns["group"])
        in_training = columns["words"] < samples.MEMORIZED
        for kind, rows in {
            "by_length": slices.by_length(columns["words"], *arguments),
            "by_truncation": slices.by_property("truncated", columns["words"] >= 100, *arguments),
            "by_overlap": slices.by_property("in_training", in_training, *arguments),
        }.items():
            assert scores[kind] == summary.rounded(rows)


def test_best_epoch_is_the_first_if_tied() -> None:
    history = pd.DataFrame({"epoch": [1, 2, 3], "val_accuracy": [0.7, 0.75004, 0.75004]})
    assert summary.best_epoch(history) == {"best_val_accuracy": 0.75, "best_val_epoch": 2}
    scores = samples.metrics(samples.predictions())
    for network in NETWORKS:
        assert scores[network]["best_val_accuracy"] == 0.75
    assert "best_val_epoch" not in scores[BASELINE]


def test_pairs_are_compared_on_the_same_reviews() -> None:
    columns = samples.predictions()
    columns["group"] //= 2
    columns[BASELINE] = 6 * columns["label"] - np.float32(3)
    columns[samples.MODELS[0]] = -columns[BASELINE]
    measured = samples.metrics(columns)
    pairs = list(combinations(NETWORKS, 2))
    compared = comparisons(measured)
    assert list(compared) == pairs
    against = {(BASELINE, each.pop("network")): each for each in measured[BASELINE]["against"]}
    assert list(against) == [(BASELINE, network) for network in NETWORKS]
    for pair, found in (compared | against).items():
        number = len(pairs) if pair in pairs else 1
        first, second = (correct(columns, name) for name in pair)
        expected = comparison.compare(first, second, columns["group"], comparisons=number)
        p = {"mcnemar_p": pytest.approx(expected["mcnemar_p"], rel=5e-3)}
        assert found == summary.rounded(expected) | p
    # Small p-values keep significant digits.
    assert 0 < against[BASELINE, samples.MODELS[0]]["mcnemar_p"] < 1e-50


def test_only_floats_are_rounded() -> None:
    content = {"a": [0.123456, (1 / 3, None)], "b": 7, "c": True, "d": np.float64(2 / 3)}
    expected = {"a": [0.1235, [0.3333, None]], "b": 7, "c": True, "d": 0.6667}
    assert summary.rounded(content) == expected
