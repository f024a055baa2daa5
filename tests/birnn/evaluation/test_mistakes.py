"""The worst mistakes and the largest disagreements."""

import numpy as np
import pandas as pd
import pytest

from birnn.evaluation import mistakes
from birnn.evaluation.model_names import ALL_TITLES, CHOICES, DISAGREEMENT, NETWORKS
from birnn.evaluation.thresholds import Decision
from birnn.networks import log_odds
from stages.evaluate import with_networks
from tests.birnn import samples


def test_most_wrong_ranks_only_mistakes() -> None:
    rows = pd.DataFrame({"label": [1, 0, 1, 0, 1], "network": [2, 1.5, -1.5, 5, 0]})
    assert mistakes.most_wrong(rows, "network").index.tolist() == [3, 1, 2, 4]
    tied = pd.concat([rows[1:3]] * 40, ignore_index=True)
    assert mistakes.most_wrong(tied, "network").index.tolist() == list(range(50))
    assert mistakes.most_wrong(rows[:1], "network").empty


def test_most_disagreed_requires_different_classes() -> None:
    rows = pd.DataFrame({"a": [0.1, 0.1, -0.4], "b": [0.2, -0.1, -0.3], "c": [0.3, -0.2, 0.4]})
    assert mistakes.most_disagreed(rows, ["a", "b", "c"]).index.tolist() == [2, 1]
    assert mistakes.most_disagreed(rows, ["a", "b"]).index.tolist() == [1]


def test_kinds_are_shown_with_probabilities() -> None:
    reviews = pd.DataFrame(samples.predictions())
    models = reviews.assign(networks=reviews[[*NETWORKS]].mean(axis=1))
    expected = [mistakes.most_wrong(models, name) for name in CHOICES]
    expected.append(mistakes.most_disagreed(reviews, list(NETWORKS)))
    table = mistakes.find(with_networks(reviews), dict.fromkeys(ALL_TITLES, Decision()))
    kinds = np.repeat([*CHOICES, DISAGREEMENT], [len(rows) for rows in expected])
    assert table["kind"].tolist() == kinds.tolist()
    for name in samples.MODELS:
        probabilities = log_odds.probability(pd.concat(expected)[name].to_numpy())
        assert table[name].to_numpy() == pytest.approx(probabilities)
