"""What is said of a text, and where its words stand."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.inference.explanation import Explainer
from tests.birnn.predictors import small_predictor

EXPLAINER = Explainer(small_predictor(maxlen=4))
TEXTS = st.text(st.characters() | st.sampled_from(" .,-'good bad film"))


@settings(max_examples=30)
@given(TEXTS)
def test_the_segments_are_the_text_and_the_contributions_those_of_words(text: str) -> None:
    found = EXPLAINER.explain(text)
    assert "".join(segment.text for segment in found.segments) == text
    assert 0 <= found.probability <= 1
    for reading in found.networks.values():
        total = reading.blank + sum(reading.contributions) + reading.gap
        assert total == pytest.approx(reading.log_odds, abs=1e-4)
        for segment, moved in zip(found.segments, reading.contributions, strict=True):
            assert segment.read or moved == 0


def test_words_that_were_cut_off_or_are_unknown_are_marked() -> None:
    found = EXPLAINER.explain("Bad! A zxqv, good film.")
    words = [segment for segment in found.segments if segment.word]
    assert [segment.text for segment in words] == ["Bad", "A", "zxqv", "good", "film"]
    # Four ids, the first of which a longer review loses with its start.
    assert [segment.read for segment in words] == [False, True, True, True, True]
    assert [segment.known for segment in words] == [True, True, False, True, True]
    for reading in found.networks.values():
        moved = dict(zip(found.segments, reading.contributions, strict=True))
        assert moved[words[0]] == 0
        assert all(moved[word] != 0 for word in words[1:])


def test_the_sentiment_is_that_of_the_mean() -> None:
    for text in ("good", "bad", "film film film", "the naïve film"):
        found = EXPLAINER.explain(text)
        log_odds = sum(network.log_odds for network in found.networks.values()) / 2
        assert found.probability == pytest.approx(1 / (1 + math.exp(-log_odds)), abs=1e-6)
        assert found.sentiment == ("positive" if log_odds > 0 else "negative")
