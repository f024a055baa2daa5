"""The worst mistakes and the largest disagreements."""

import pandas as pd
import pytest

from birnn.evaluation import mistakes


def predictions() -> pd.DataFrame:
    rows = {
        "label": [1, 0, 1, 0, 1],
        "bilstm": [2.0, 1.5, -1.5, 5.0, 0.0],
        "bigru": [-2.0, -2.0, -1.5, 3.0, 2.0],
        "baseline": [1.0, -1.0, 1.0, -1.0, 1.0],
    }
    return pd.DataFrame(rows).astype({"label": "uint8"})


def test_most_wrong_ranks_only_mistakes() -> None:
    assert mistakes.most_wrong(predictions(), "bilstm").index.tolist() == [3, 1, 2, 4]
    assert mistakes.most_wrong(predictions(), "bigru").index.tolist() == [3, 0, 2]


def test_most_disagreed_requires_different_classes() -> None:
    disagreed = mistakes.most_disagreed(predictions(), ["bilstm", "bigru"])
    assert disagreed.index.tolist() == [0, 1, 4]


def test_largest_difference_of_three_networks_counts() -> None:
    rows = pd.DataFrame({"a": [0.1, 0.1, -0.4], "b": [0.2, -0.1, -0.3], "c": [0.3, -0.2, 0.4]})
    assert mistakes.most_disagreed(rows, ["a", "b", "c"]).index.tolist() == [2, 1]


def test_ties_keep_their_order() -> None:
    rows = pd.concat([predictions().iloc[[1]]] * 80, ignore_index=True)
    assert mistakes.most_wrong(rows, "bilstm").index.tolist() == list(range(50))


def test_no_mistakes() -> None:
    correct = predictions().iloc[[0]]
    assert mistakes.most_wrong(correct, "bilstm").empty


def test_mistakes_are_shown_with_probabilities() -> None:
    table = mistakes.find(predictions())
    assert table[table["kind"] == "bilstm"]["bilstm"].iloc[0] == pytest.approx(0.9933, abs=1e-4)
