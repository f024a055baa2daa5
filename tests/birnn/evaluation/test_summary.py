"""What is measured, as it is written: rounded, JSON, and sane when the case is not."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from birnn.evaluation import slices, summary
from tests.birnn import samples

Columns = dict[str, Any]


def changed(reviews: int, **columns: Any) -> Columns:
    return samples.predictions(reviews) | columns


LABELS = samples.predictions()["label"]
CASES: dict[str, Columns] = {
    "one class": changed(400, bilstm=np.full(400, 0.9, np.float32)),
    "ten reviews": changed(10),
    "two reviews": changed(2),
    "ties everywhere": changed(
        400, **dict.fromkeys(("bilstm", "bigru"), np.full(400, 0.5, np.float32))
    ),
    "perfect": changed(400, bilstm=LABELS.astype(np.float32)),
    "always wrong": changed(400, bigru=1 - LABELS.astype(np.float32)),
    "no review truncated": changed(400, words=np.full(400, 3, np.int32)),
    "reviews without words": changed(400, words=np.zeros(400, np.int32)),
    "every review truncated": changed(400, words=np.full(400, 5_000, np.int32)),
}


@pytest.mark.parametrize("case", CASES)
def test_degenerate_cases_neither_crash_nor_mislead(case: str, tmp_path: Path) -> None:
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


def test_a_network_that_predicts_one_class_is_at_chance() -> None:
    measured = samples.metrics(CASES["one class"])["bilstm"]
    assert (measured["accuracy"], measured["roc_auc"]) == (0.5, 0.5)
    assert (measured["precision"], measured["recall"]) == (0.5, 1)
    assert measured["roc_auc_interval"] is None
    assert measured["ece"] == pytest.approx(0.4)


def test_ten_reviews_decide_nothing() -> None:
    pair = samples.metrics(changed(10, bilstm=np.tile([0.1, 0.9], 5).astype(np.float32)))["pair"]
    assert pair["difference_high"] - pair["difference_low"] > 0.3


def test_equal_networks_do_not_differ() -> None:
    columns = samples.predictions()
    pair = samples.metrics(columns | {"bigru": columns["bilstm"]})["pair"]
    assert (pair["agreement"], pair["accuracy_difference"], pair["mcnemar_p"]) == (1, 0, 1)
    assert pair["verdict"] == "no difference is shown"


def test_a_better_network_is_named() -> None:
    columns = samples.predictions()
    perfect = columns["label"].astype(np.float32)
    assert samples.metrics(columns | {"bigru": perfect})["pair"]["verdict"] == "the BiGRU is better"
    assert (
        samples.metrics(columns | {"bilstm": perfect})["pair"]["verdict"] == "the BiLSTM is better"
    )


def test_the_baseline_stands_beside_each_network() -> None:
    columns = samples.predictions()
    columns["baseline"] = columns["label"].astype(np.float32)
    against = samples.metrics(columns)["baseline"]["against"]
    assert [other["network"] for other in against] == ["bilstm", "bigru"]
    assert all(other["verdict"] == "the Baseline is better" for other in against)


def test_slices_and_whole_agree() -> None:
    columns = samples.predictions()
    measured = samples.metrics(columns)["bigru"]
    for name in ("by_length", "by_truncation"):
        right = sum(row["accuracy"] * row["reviews"] for row in measured[name])
        assert right / len(columns["label"]) == pytest.approx(measured["accuracy"], abs=1e-3)
    assert len(measured["by_length"]) == slices.LENGTHS


def test_numbers_are_rounded_and_the_rest_is_left() -> None:
    content = {"a": [0.123456, (1 / 3, None)], "b": 7, "c": True, "d": np.float64(2 / 3)}
    expected = {"a": [0.1235, [0.3333, None]], "b": 7, "c": True, "d": 0.6667}
    assert summary.rounded(content) == expected


def test_small_p_values_keep_their_digits() -> None:
    columns = samples.predictions()
    columns["bigru"] = columns["label"].astype(np.float32)
    columns["bilstm"] = 1 - columns["bigru"]
    assert 0 < samples.metrics(columns)["pair"]["mcnemar_p"] < 1e-100
