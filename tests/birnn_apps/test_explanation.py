"""Predictions and segments of explained texts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.baseline.baseline import Baseline
from birnn.evaluation.baseline_model import BaselineModel
from birnn.evaluation.model_names import BASELINE
from birnn_apps.classifier import Classifier
from birnn_apps.explanation import Explanation, explain
from tests.birnn.odd_texts import LANGUAGES, UNICODE
from tests.birnn.predictors import CLASSES, WORDS
from tests.birnn_apps.classifiers import baseline_classifier, network_classifier

LINEAR = replace(baseline_classifier(), temperatures={BASELINE: 0.5})
NORMALIZED = replace(baseline_classifier(normalized=True), temperatures={BASELINE: 0.5})
CLASSIFIERS = st.deferred(
    lambda: st.sampled_from(
        [network_classifier(4), LINEAR, NORMALIZED, network_classifier(**UNICODE)]
    )
)
TEXTS = st.sampled_from([*LANGUAGES]) | st.text(st.characters() | st.sampled_from(" .-'good film"))


@settings(max_examples=20)
@given(TEXTS, CLASSIFIERS)
def test_segments_cover_the_text_and_only_words_contribute(
    text: str, classifier: Classifier
) -> None:
    explanation = explain(classifier, text)
    assert "".join(segment.text for segment in explanation.segments) == text
    nothing = Explanation(segments=explanation.segments, classes=[*CLASSES])
    assert (explanation.known == 0) == (explanation == nothing)
    for network in explanation.models.values():
        total = network.blank + sum(network.contributions) + network.gap
        assert total == pytest.approx(network.log_odds, abs=1e-4)
        for segment, contribution in zip(explanation.segments, network.contributions, strict=True):
            assert segment.read or contribution == 0


def test_truncated_and_unknown_words_are_marked() -> None:
    explanation = explain(network_classifier(4), "Bad! A zxqv, good film.")
    words = [segment for segment in explanation.segments if segment.word]
    assert [segment.text for segment in words] == ["Bad", "A", "zxqv", "good", "film"]
    # The sequence has four ids, so truncation removes the start and the first word.
    assert [segment.read for segment in words] == [False, True, True, True, True]
    assert [segment.known for segment in words] == [True, True, False, True, True]
    for network in explanation.models.values():
        contributions = dict(zip(explanation.segments, network.contributions, strict=True))
        assert [contributions[word] != 0 for word in words] == [word.read for word in words]
    # Truncation may remove all known words.
    assert explain(network_classifier(4), "good zxqv zxqv zxqv zxqv").known == 0


@pytest.mark.parametrize("classifier", [LINEAR, NORMALIZED])
def test_baseline_is_explained_exactly(classifier: Classifier) -> None:
    text = "The good, good film. Bad!"
    weights, squares = classifier.models[BASELINE].weights, classifier.models[BASELINE].squares
    ngrams = ["the", "good", "film", "bad", "the good", "good good", "good film", "film bad"]
    norm = np.sqrt(sum(squares.get(ngram, 0) for ngram in ngrams)) or 1
    expected = {ngram: 2 * weights[ngram] / norm for ngram in ngrams if ngram in weights}
    assert len(expected) > len(WORDS) - 3
    (explained,) = explain(classifier, text).models.values()
    assert {term.text: term.contribution for term in explained.strongest} == pytest.approx(expected)
    assert explained.log_odds == pytest.approx(explained.blank + sum(expected.values()))
    assert explained.log_odds == pytest.approx(classifier.predict([text]).log_odds[0])
    assert abs(explained.gap) < 1e-9
    halves = [expected.get(f"{pair}", 0) / 2 for pair in ("good film", "film bad")]
    assert explained.contributions[6] == pytest.approx(expected["film"] + sum(halves))


def test_ngrams_have_the_spaces_of_their_language() -> None:
    ngrams = ["不", "不 好", "iphone 好", "not", "not 不"]
    trained = BaselineModel(Baseline(2, ngrams, np.ones(len(ngrams)), 0.0))
    explanation = explain(Classifier({BASELINE: trained}, tokenizer="unicode"), "not 不好 iPhone好")
    terms = {term.text for term in explanation.models[BASELINE].strongest}
    assert terms == {"不", "不好", "iphone好", "not", "not不"}
