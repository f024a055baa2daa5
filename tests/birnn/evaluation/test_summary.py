"""Metrics of all models: pairs, slices, best epochs, and rounding."""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from birnn.evaluation import calibration, comparison, ensembles, intervals, metrics, summary
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
        for slices in ("by_length", "by_truncation", "by_overlap"):
            parts = [row["accuracy"] * row["reviews"] / 400 for row in scores[slices]]
            assert sum(parts) == pytest.approx(scores["accuracy"], abs=1e-3)
        assert scores["by_truncation"][1]["reviews"] == (columns["words"] >= 100).sum()


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
        ends = [found["difference_low"], found["difference_high"]]
        assert ends == summary.rounded(expected.interval)
        assert found["accuracy_difference"] == pytest.approx(first.mean() - second.mean())
        assert found["agreement"] == pytest.approx((first == second).mean())
        counts = pd.crosstab(first, second).to_numpy()[::-1, ::-1]
        assert found["contingency"] == counts.tolist()
        assert found["mcnemar_p"] == pytest.approx(expected.mcnemar_p, rel=5e-3)


def test_small_p_values_keep_significant_digits() -> None:
    columns = samples.predictions()
    first, second, *_ = NETWORKS
    columns[first] = columns["label"].astype(np.float32)
    columns[second] = 1 - columns[first]
    p_value = comparisons(samples.metrics(columns))[first, second]["mcnemar_p"]
    assert 0 < p_value < 1e-100
    assert p_value == float(f"{p_value:.3g}")


def test_only_floats_are_rounded() -> None:
    content = {"a": [0.123456, (1 / 3, None)], "b": 7, "c": True, "d": np.float64(2 / 3)}
    expected = {"a": [0.1235, [0.3333, None]], "b": 7, "c": True, "d": 0.6667}
    assert summary.rounded(content) == expected


def widths(content: Any) -> list[float]:
    """Return the width of every interval in the metrics."""
    if isinstance(content, dict):
        own = [
            content[f"{prefix}high"] - content[f"{prefix}low"]
            for prefix in ("", "difference_")
            if content.get(f"{prefix}low") is not None
        ]
        pairs = [ends[1] - ends[0] for key, ends in content.items() if key.endswith("_interval")]
        return own + pairs + [width for value in content.values() for width in widths(value)]
    if isinstance(content, list):
        return [width for value in content for width in widths(value)]
    return []


def test_repeated_reviews_narrow_no_interval() -> None:
    once = samples.predictions()
    copies = {name: np.repeat(column, 4) for name, column in once.items()}
    independent = copies | {"group": np.arange(1_600, dtype=np.int32)}
    held_out = pd.DataFrame(once)
    original, grouped, narrow = (
        widths(ensembles.add_ensembles(samples.metrics(columns), held_out, pd.DataFrame(columns)))
        for columns in (once, copies, independent)
    )
    assert len(original) > 50
    # Student's quantile for the number of groups is the only difference.
    assert grouped == pytest.approx(original, rel=0.1)
    assert (np.array(narrow) < 0.75 * np.array(grouped)).all()
