"""Integrated gradients: their axioms and a case with a known result."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.inference import attribution
from birnn.inference.attribution import Attributor
from birnn.text.encoding import FIRST_WORD, OUT_OF_VOCABULARY, PADDING, START
from tests.birnn.predictors import WORDS, small_predictor

PREDICTOR = small_predictor()
ATTRIBUTORS = {name: Attributor(model) for name, model in PREDICTOR.networks.items()}
IDS = st.sampled_from([PADDING, START, OUT_OF_VOCABULARY, *range(4, 4 + len(WORDS))])
SEQUENCES = st.lists(IDS, min_size=8, max_size=8).map(lambda ids: np.array(ids, np.int32))


@settings(max_examples=30)
@given(SEQUENCES, st.sampled_from(["bilstm", "bigru"]))
def test_completeness(sequence: np.ndarray, name: str) -> None:
    result = ATTRIBUTORS[name].attribute(sequence)
    assert abs(result.gap) <= attribution.TOLERANCE
    assert result.blank + result.contributions.sum() == pytest.approx(
        result.log_odds, abs=attribution.TOLERANCE
    )
    log_odds = PREDICTOR.networks[name].predict_on_batch(sequence[None])[0, 0]
    assert result.log_odds == pytest.approx(log_odds, abs=1e-5)


@settings(max_examples=30)
@given(SEQUENCES)
def test_padding_and_start_contribute_nothing(sequence: np.ndarray) -> None:
    result = ATTRIBUTORS["bilstm"].attribute(sequence)
    is_special = (sequence == PADDING) | (sequence == START)
    assert (result.contributions[is_special] == 0).all()


def test_empty_review_has_no_contributions() -> None:
    result = ATTRIBUTORS["bigru"].attribute(np.array([0] * 7 + [START], np.int32))
    assert not result.contributions.any()
    assert result.blank == result.log_odds


def test_linear_model_is_attributed_exactly() -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((4,), dtype="int32"),
            keras.layers.Embedding(9, 3),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(1),
        ]
    )
    vectors = model.layers[0].embeddings.numpy()
    kernel = model.layers[-1].kernel.numpy()[:, 0]
    sequence = np.array([PADDING, START, FIRST_WORD, OUT_OF_VOCABULARY], np.int32)
    result = Attributor(model).attribute(sequence)
    expected = [((vectors[word] - vectors[PADDING]) / 4) @ kernel for word in sequence[2:]]
    assert result.contributions == pytest.approx([0, 0, *expected], abs=1e-6)


def test_more_steps_reduce_the_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    sequence = np.array([1, 4, 5, 6, 7, 8, 9, 10], np.int32)
    monkeypatch.setattr(attribution, "TOLERANCE", -1)
    exact = ATTRIBUTORS["bilstm"].attribute(sequence)
    monkeypatch.setattr(attribution, "STEPS", (1,))
    coarse = ATTRIBUTORS["bilstm"].attribute(sequence)
    assert abs(exact.gap) < 1e-3 < abs(coarse.gap)
