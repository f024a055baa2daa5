"""The reviews that the networks read worst."""

import pandas as pd

from birnn.evaluation import mistakes


def predictions() -> pd.DataFrame:
    rows = {
        "label": [1, 0, 1, 0, 1],
        "bilstm": [0.9, 0.8, 0.2, 0.99, 0.5],
        "bigru": [0.1, 0.1, 0.2, 0.97, 0.9],
    }
    return pd.DataFrame(rows).astype({"label": "uint8"})


def test_the_most_wrong_come_first_and_the_right_ones_not_at_all() -> None:
    assert mistakes.most_wrong(predictions(), "bilstm").index.tolist() == [3, 1, 2, 4]
    assert mistakes.most_wrong(predictions(), "bigru").index.tolist() == [3, 0, 2]


def test_they_disagree_where_one_says_positive_and_one_negative() -> None:
    disagreed = mistakes.most_disagreed(predictions(), "bilstm", "bigru")
    assert disagreed.index.tolist() == [0, 1, 4]


def test_of_equals_those_that_stand_first_are_kept() -> None:
    rows = pd.concat([predictions().iloc[[1]]] * 80, ignore_index=True)
    assert mistakes.most_wrong(rows, "bilstm").index.tolist() == list(range(50))


def test_networks_without_mistakes() -> None:
    right = predictions().iloc[[0]]
    assert mistakes.most_wrong(right, "bilstm").empty
