"""Metrics of degenerate cases, comparisons, and rounding."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from birnn.evaluation import calibration, ensembles, slices, summary
from tests.birnn import samples

Columns = dict[str, Any]


def sample(reviews: int, **columns: Any) -> Columns:
    return samples.predictions(reviews) | columns


LABELS = samples.predictions()["label"]
CASES: dict[str, Columns] = {
    "one class": sample(400, bilstm=np.full(400, 2.2, np.float32)),
    "ten reviews": sample(10),
    "two reviews": sample(2),
    "ties everywhere": sample(400, **dict.fromkeys(("bilstm", "bigru"), np.zeros(400, np.float32))),
    "perfect": sample(400, bilstm=40 * LABELS - np.float32(20)),
    "always wrong": sample(400, bigru=np.float32(20) - 40 * LABELS),
    "no review truncated": sample(400, words=np.full(400, 3, np.int32)),
    "reviews without words": sample(400, words=np.zeros(400, np.int32)),
    "every review truncated": sample(400, words=np.full(400, 5_000, np.int32)),
}


FAST = ("one class", "two reviews")


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[] if case in FAST else pytest.mark.slow) for case in CASES]
)
def test_degenerate_cases(case: str, tmp_path: Path) -> None:
    columns = CASES[case]
    measured = samples.metrics(columns)
    json.dumps(measured, allow_nan=False)
    for network in ("bilstm", "bigru"):
        low, high = measured[network]["accuracy_interval"]
        assert low <= measured[network]["accuracy"] <= high
        assert high - low > 0.001
        if measured[network]["roc_auc_interval"]:
            low, high = measured[network]["roc_auc_interval"]
            assert low < measured[network]["roc_auc"] < high or high == 1
    for text in samples.write_report(tmp_path, columns):
        assert "nan" not in text.lower().replace("nanosecond", "")
        assert "None" not in text


def test_constant_prediction_is_at_chance() -> None:
    measured = samples.metrics(CASES["one class"])["bilstm"]
    assert (measured["accuracy"], measured["roc_auc"]) == (0.5, 0.5)
    assert (measured["precision"], measured["recall"]) == (0.5, 1)
    assert measured["roc_auc_interval"] is None
    assert measured["ece"] == pytest.approx(0.4, abs=1e-3)


def test_ten_reviews_give_a_wide_interval() -> None:
    pair = samples.metrics(sample(10, bilstm=np.tile([-2, 2], 5).astype(np.float32)))["pair"]
    assert pair["difference_high"] - pair["difference_low"] > 0.3


def test_equal_networks() -> None:
    columns = samples.predictions()
    pair = samples.metrics(columns | {"bigru": columns["bilstm"]})["pair"]
    assert (pair["agreement"], pair["accuracy_difference"], pair["mcnemar_p"]) == (1, 0, 1)
    assert pair["difference_low"] < 0 < pair["difference_high"]


def test_difference_is_the_first_network_minus_the_second() -> None:
    columns = samples.predictions()
    perfect = columns["label"].astype(np.float32)
    for network, sign in (("bilstm", 1), ("bigru", -1)):
        pair = samples.metrics(columns | {network: perfect})["pair"]
        ends = sorted(sign * pair[key] for key in ("difference_low", "difference_high"))
        assert 0 < ends[0] < sign * pair["accuracy_difference"] < ends[1]


def test_baseline_is_compared_with_each_network() -> None:
    columns = samples.predictions()
    columns["baseline"] = columns["label"].astype(np.float32)
    against = samples.metrics(columns)["baseline"]["against"]
    assert [other["network"] for other in against] == ["bilstm", "bigru"]
    assert all(0 < other["difference_low"] < other["accuracy_difference"] for other in against)


def test_slices_add_up_to_the_accuracy() -> None:
    columns = samples.predictions()
    measured = samples.metrics(columns)["bigru"]
    for name in ("by_length", "by_truncation", "by_overlap"):
        correct = sum(row["accuracy"] * row["reviews"] for row in measured[name])
        assert correct / len(columns["label"]) == pytest.approx(measured["accuracy"], abs=1e-3)
    assert len(measured["by_length"]) == slices.LENGTHS


def test_only_floats_are_rounded() -> None:
    content = {"a": [0.123456, (1 / 3, None)], "b": 7, "c": True, "d": np.float64(2 / 3)}
    expected = {"a": [0.1235, [0.3333, None]], "b": 7, "c": True, "d": 0.6667}
    assert summary.rounded(content) == expected


def test_small_p_values_keep_significant_digits() -> None:
    columns = samples.predictions()
    columns["bigru"] = columns["label"].astype(np.float32)
    columns["bilstm"] = 1 - columns["bigru"]
    assert 0 < samples.metrics(columns)["pair"]["mcnemar_p"] < 1e-100


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
        widths(
            ensembles.add_ensembles(samples.metrics(columns), held_out, pd.DataFrame(columns))
            | {
                "reliability": calibration.reliability(
                    columns["label"], columns["bigru"], columns["group"]
                )
            }
        )
        for columns in (once, copies, independent)
    )
    assert len(original) > 50
    # Student's quantile for the number of groups is the only difference.
    assert grouped == pytest.approx(original, rel=0.1)
    assert (np.array(narrow) < 0.75 * np.array(grouped)).all()
