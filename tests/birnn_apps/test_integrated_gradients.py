"""Integrated gradients: their axioms and cases with known results."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.reviews.sequences import FIRST_WORD, OUT_OF_VOCABULARY, PADDING, START
from birnn_apps.integrated_gradients import TOLERANCE, attribute_sequence
from tests.birnn.predictors import IDS, gated
from tests.birnn_apps.classifiers import network_classifier

SEQUENCES = st.lists(
    st.sampled_from([PADDING, START, OUT_OF_VOCABULARY, *range(FIRST_WORD, IDS)]),
    min_size=8,
    max_size=8,
).map(lambda ids: np.array(ids, np.int32))


def networks() -> list[keras.Model]:
    # Without gates, the large weights of this classifier are too steep to integrate.
    return [model.network for model in gated(network_classifier()).models.values()]


@settings(max_examples=30)
@given(SEQUENCES, st.deferred(lambda: st.sampled_from(networks())))
def test_contributions_of_words_add_up_to_the_log_odds(
    sequence: np.ndarray, network: keras.Model
) -> None:
    result = attribute_sequence(network, sequence)
    assert abs(result.gap) <= TOLERANCE
    log_odds = network.predict_on_batch(sequence[None])[0, 0]
    assert result.log_odds == pytest.approx(log_odds, abs=1e-5)
    is_special = (sequence == PADDING) | (sequence == START)
    assert not result.contributions[is_special].any()


def test_linear_model_is_attributed_exactly() -> None:
    keras.utils.set_random_seed(0)
    embedding, dense = keras.layers.Embedding(9, 3), keras.layers.Dense(1)
    middle = [keras.layers.GlobalAveragePooling1D(), keras.layers.Dropout(0.5)]
    model = keras.Sequential([keras.Input((4,), dtype="int32"), embedding, *middle, dense])
    vectors, kernel = embedding.embeddings.numpy(), dense.kernel.numpy()[:, 0]
    sequence = np.array([PADDING, START, FIRST_WORD, OUT_OF_VOCABULARY], np.int32)
    result = attribute_sequence(model, sequence)
    expected = [((vectors[word] - vectors[PADDING]) / 4) @ kernel for word in sequence[2:]]
    assert result.contributions == pytest.approx([0, 0, *expected], abs=1e-6)
    assert result.blank == pytest.approx(result.log_odds - sum(expected), abs=1e-6)
