"""Tests of the linear baseline: ratios, training and saving."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression

from birnn.baseline import baseline
from birnn.baseline.settings import BaselineSettings as Settings
from birnn.reviews.log_count_ratios import log_count_ratios
from birnn.runtime.errors import InputError

REVIEWS = [text.split() for text in ("a good film", "not good", "good good good", "not a film")]
LABELS = np.array([1, 0, 1, 0], np.uint8)


def settings(**changes: Any) -> Settings:
    defaults = {"ngrams": 2, "min_reviews": 1, "smoothing": 1.0, "inverse_regularization": 1.0}
    return Settings(**({"weighting": "naive-bayes"} | defaults | changes))


@pytest.mark.parametrize("weighting", ["naive-bayes", "tf-idf"])
def test_baseline_is_logistic_regression_on_weighted_ngrams(weighting: str) -> None:
    chosen = settings(smoothing=0.5, inverse_regularization=3.0, weighting=weighting)
    trained = baseline.fit(REVIEWS, LABELS, chosen)
    found = [{*words, *map(" ".join, itertools.pairwise(words))} for words in REVIEWS]
    assert trained.ngrams == sorted(set().union(*found))
    present = np.array([[ngram in words for ngram in trained.ngrams] for words in found], np.uint8)
    positive, negative = (present[label == LABELS].sum(axis=0) for label in (1, 0))
    weighted = {
        "naive-bayes": present * log_count_ratios(positive, negative, 0.5),
        "tf-idf": TfidfTransformer().fit_transform(present),
    }[weighting]
    model = LogisticRegression(C=3.0).fit(weighted, LABELS)
    log_odds, found_ngrams = trained.predict(REVIEWS)
    assert log_odds == pytest.approx(model.decision_function(weighted), abs=1e-3)
    assert found_ngrams == present.sum()
    assert trained.predict([["unknown"]])[0] == pytest.approx(trained.intercept)


def test_rare_ngrams_are_ignored() -> None:
    assert baseline.fit(REVIEWS, LABELS, settings(min_reviews=3)).ngrams == ["good"]
    with pytest.raises(InputError, match=r"baseline.min_reviews is 5: no n-gram is in that many"):
        baseline.fit(REVIEWS, LABELS, settings(min_reviews=5))


@pytest.mark.parametrize("weighting", ["naive-bayes", "tf-idf"])
@examples(max_examples=25)
@given(reviews=st.lists(st.lists(st.text(min_size=1)), min_size=1, max_size=5))
def test_any_words_get_finite_log_odds_which_are_saved(
    tmp_path_factory: pytest.TempPathFactory, weighting: str, reviews: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("baseline")
    trained = baseline.fit(REVIEWS, LABELS, settings(weighting=weighting))
    baseline.save(trained, folder)
    log_odds, _ = baseline.load(folder).predict(reviews)
    assert log_odds.dtype == np.float32
    assert log_odds.shape == (len(reviews),)
    assert np.isfinite(log_odds).all()
    assert np.array_equal(log_odds, trained.predict(reviews)[0])
    assert np.array_equal(baseline.load(folder).predict(REVIEWS)[0], trained.predict(REVIEWS)[0])


def test_probabilities_count_as_fractions_of_reviews() -> None:
    shares = np.array([1, 0, 0.75, 0.25], np.float32)
    positive = [0, 0, 0, 0, 2, 2, 2, 3]  # rows, each four times as often as its share
    negative = [1, 1, 1, 1, 2, 3, 3, 3]
    reviews = [REVIEWS[row] for row in positive + negative]
    labels = np.repeat(np.array([1, 0], np.uint8), 8)
    fractions = baseline.fit(REVIEWS, shares, settings())
    whole = baseline.fit(reviews, labels, settings(smoothing=4, inverse_regularization=0.25))
    assert fractions.weights == pytest.approx(whole.weights, abs=1e-3)
    assert fractions.intercept == pytest.approx(whole.intercept, abs=1e-3)
