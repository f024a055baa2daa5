"""Predictions and segments of explained texts."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.evaluation.model_names import BASELINE
from birnn_apps.classifier import Classifier
from birnn_apps.explanation import Explanation, explain
from birnn_apps.explanation_display import strongest
from tests.birnn.odd_texts import LANGUAGES, UNICODE
from tests.birnn.predictors import CLASSES
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
    about = {"classes": [*CLASSES], "threshold": 0.5, "known": 0}
    nothing = Explanation(segments=explanation.segments, **about)
    assert (explanation.known == 0) == (explanation == nothing)
    for network in explanation.models.values():
        for segment, contribution in zip(explanation.segments, network.contributions, strict=True):
            assert segment.read or contribution == 0


def test_truncated_and_unknown_words_are_marked() -> None:
    explanation = explain(network_classifier(4), "Bad! A zxqv, good film.")
    words = [segment for segment in explanation.segments if segment.word]
    assert [segment.text for segment in words] == ["Bad", "A", "zxqv", "good", "film"]
    # The sequence has four ids, so truncation removes the start and the first word.
    assert [segment.read for segment in words] == [False, True, True, True, True]
    for network in explanation.models.values():
        contributions = dict(zip(explanation.segments, network.contributions, strict=True))
        contributes = [contributions[word] != 0 for word in words]
        assert contributes == [False, True, False, True, True]
    # Truncation may remove all known words.
    assert explain(network_classifier(4), "good zxqv zxqv zxqv zxqv").known == 0


@pytest.mark.parametrize("classifier", [LINEAR, NORMALIZED, network_classifier(8)])
def test_contribution_is_the_fall_of_the_log_odds_without_the_word(classifier: Classifier) -> None:
    explanation = explain(classifier, "the good film bad")
    for name, model in explanation.models.items():
        before = classifier.predict(["the good film bad"]).by_model[name][0]
        assert model.log_odds == pytest.approx(before)
        changed = [
            "zxqv good film bad",
            "the zxqv film bad",
            "the good zxqv bad",
            "the good film zxqv",
        ]
        falls = before - classifier.predict(changed).by_model[name]
        assert model.contributions[::2] == pytest.approx(falls, abs=1e-5)
        assert model.contributions[1::2] == [0, 0, 0]
        words = strongest(explanation, model)
        expected = dict(zip(["the", "good", "film", "bad"], falls, strict=True))
        assert dict(words) == pytest.approx(expected, abs=1e-5)
        sizes = [abs(contribution) for _, contribution in words]
        assert sizes == sorted(sizes, reverse=True)
