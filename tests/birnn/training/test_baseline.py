"""Tests of the linear baseline: ratios, training and saving."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from birnn.core.errors import InputError
from birnn.core.settings import Baseline as Settings
from birnn.text.ngrams import log_count_ratios
from birnn.training import baseline

REVIEWS = [
    ["a", "good", "film"],
    ["not", "good"],
    ["good", "good", "good"],
    ["not", "a", "film"],
]
LABELS = np.array([1, 0, 1, 0], np.uint8)


def settings(**changes: float) -> Settings:
    defaults = {"ngrams": 2, "min_reviews": 1, "smoothing": 1.0, "inverse_regularization": 1.0}
    return Settings(**(defaults | changes))


def test_baseline_is_logistic_regression_on_weighted_ngrams() -> None:
    trained = baseline.fit(REVIEWS, LABELS, settings())
    assert trained.ngrams == sorted(
        [
            "a",
            "a film",
            "a good",
            "film",
            "good",
            "good film",
            "good good",
            "not",
            "not a",
            "not good",
        ]
    )
    present = np.array(
        [
            [
                ngram in {*words, *map(" ".join, itertools.pairwise(words))}
                for ngram in trained.ngrams
            ]
            for words in REVIEWS
        ],
        np.uint8,
    )
    positive, negative = (present[label == LABELS].sum(axis=0) for label in (1, 0))
    ratios = log_count_ratios(positive, negative, 1)
    model = LogisticRegression().fit(present * ratios, LABELS)
    predictor = baseline.Predictor(trained)
    assert predictor(REVIEWS) == pytest.approx(model.decision_function(present * ratios), abs=1e-3)
    assert predictor.multiply_adds == present.sum()


def test_word_order_matters_only_with_bigrams() -> None:
    reviews = [["not", "good"], ["good", "not"]] * 5
    labels = np.array([0, 1] * 5, np.uint8)
    bigrams = baseline.Predictor(baseline.fit(reviews, labels, settings()))(reviews[:2])
    assert bigrams[0] < 0 < bigrams[1]
    unigrams = baseline.Predictor(baseline.fit(reviews, labels, settings(ngrams=1)))(reviews[:2])
    assert unigrams[0] == unigrams[1] == pytest.approx(0, abs=1e-6)


def test_rare_ngrams_are_ignored() -> None:
    assert baseline.fit(REVIEWS, LABELS, settings(min_reviews=3)).ngrams == ["good"]
    with pytest.raises(InputError, match=r"baseline.min_reviews is 5: no n-gram is in that many"):
        baseline.fit(REVIEWS, LABELS, settings(min_reviews=5))


def test_baseline_round_trips(tmp_path: Path) -> None:
    trained = baseline.fit(REVIEWS, LABELS, settings())
    baseline.save(trained, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["baseline.json", "weights.parquet"]
    before, after = (baseline.Predictor(model) for model in (trained, baseline.load(tmp_path)))
    assert np.array_equal(before(REVIEWS), after(REVIEWS))


@given(st.lists(st.lists(st.text(min_size=1)), min_size=1, max_size=5))
def test_any_words_get_finite_log_odds(reviews: list[list[str]]) -> None:
    log_odds = baseline.Predictor(baseline.fit(REVIEWS, LABELS, settings()))(reviews)
    assert log_odds.dtype == np.float32
    assert log_odds.shape == (len(reviews),)
    assert np.isfinite(log_odds).all()


def test_probabilities_count_as_fractions_of_reviews() -> None:
    hard = baseline.fit(REVIEWS, LABELS, settings())
    same = baseline.fit(REVIEWS, LABELS.astype(np.float32), settings())
    assert (hard.weights == same.weights).all()
    certain, doubtful = (
        baseline.fit(
            [*REVIEWS, ["good", "new"], ["new"]], np.append(LABELS, [share] * 2), settings()
        )
        for share in (0.9, 0.6)
    )
    weight = [trained.weights[trained.ngrams.index("new")] for trained in (certain, doubtful)]
    assert weight[0] > weight[1] > 0
