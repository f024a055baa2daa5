"""Tests of the layers that Keras lacks: pooling, n-grams and dropout."""

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from birnn.layers.embeddings import Embedding, NgramEmbedding
from birnn.networks.config import NetworkConfig
from birnn.text.encoding import OUT_OF_VOCABULARY
from tests.birnn import small_networks
from tests.birnn.layers.test_fused import compute_loss_gradients

WORDS, DIM, UNITS = 30, 4, 3
RATIOS = {5: 0.5, 6: -1.5, 5 * WORDS + 6: 2.0, (7 * WORDS + 5) * WORDS + 6: 4.0}


def build(name: Any, kernel: Any, longest_ngram: int, maxlen: int = 7) -> keras.Sequential:
    """Return a pooled network with the same weights for both kernels."""
    model = small_networks.build(
        NetworkConfig(
            name=name,
            num_words=WORDS,
            maxlen=maxlen,
            embedding_dim=DIM,
            settings={"units": UNITS},
            dropout=0.5,
            kernel=kernel,
            pooling="max_mean",
            longest_ngram=longest_ngram,
            ngrams=len(RATIOS) if longest_ngram else 0,
        )
    )
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(0, 0.7, variable.shape))
    if longest_ngram:
        fill_table(model.layers[0])
    return model


def fill_table(embedding: NgramEmbedding) -> None:
    embedding.table.codes.assign(sorted(RATIOS))
    embedding.table.ratios.assign([RATIOS[code] for code in sorted(RATIOS)])


@st.composite
def padded_reviews(draw: st.DrawFn) -> NDArray[np.int32]:
    """Draw reviews of at least one word, all padded on the same side."""
    count, maxlen, side = draw(st.tuples(st.integers(1, 20), st.integers(1, 9), st.booleans()))
    lengths = draw(st.lists(st.integers(1, maxlen), min_size=count, max_size=count))
    ids = np.zeros((count, maxlen), np.int32)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    for row, length in zip(ids, lengths, strict=True):
        words = slice(0, length) if side else slice(maxlen - length, maxlen)
        row[words] = rng.integers(1, WORDS, length)
    return ids


@pytest.mark.slow
@pytest.mark.parametrize("longest_ngram", [0, 3])
@pytest.mark.parametrize("name", ["bilstm", "bigru"])
@given(ids=padded_reviews())
@settings(max_examples=15)
def test_kernels_pool_equally(name: str, longest_ngram: int, ids: NDArray[np.int32]) -> None:
    models = [build(name, kernel, longest_ngram, ids.shape[1]) for kernel in ("keras", "fused")]
    expected, outputs = (model(ids).numpy() for model in models)
    assert np.abs(outputs - expected).max() <= 1e-5
    gradients = (compute_loss_gradients(model, ids) for model in models)
    for expected, gradient in zip(*gradients, strict=True):
        assert gradient == pytest.approx(expected, rel=1e-4, abs=2e-5 * len(ids))


@pytest.mark.parametrize("kernel", ["keras", "fused"])
@given(ids=padded_reviews(), more=st.integers(1, 5))
@settings(max_examples=10)
def test_padding_changes_nothing(kernel: str, ids: NDArray[np.int32], more: int) -> None:
    narrow = build("bigru", kernel, 2, ids.shape[1])(ids).numpy()
    for sides in ((more, 0), (0, more)):
        if ids[:, 0 if sides[1] else -1].all():
            wider = np.pad(ids, [(0, 0), sides])
            wide = build("bigru", kernel, 2, wider.shape[1])(wider).numpy()
            assert np.abs(wide - narrow).max() <= 1e-5


def test_embedding_appends_ratios_of_ngrams_that_end_at_a_position() -> None:
    embedding = NgramEmbedding(WORDS, DIM, longest=3, ngrams=len(RATIOS))
    fill_table(embedding)
    ids = np.array([[0, 7, 5, 6, 9], [5, 6, 5, 0, 0]], np.int32)
    ratios = embedding(ids).numpy()[..., DIM:]
    assert ratios.tolist() == [
        [[0, 0, 0], [0, 0, 0], [0.5, 0, 0], [-1.5, 2, 4], [0, 0, 0]],
        [[0.5, 0, 0], [-1.5, 2, 0], [0.5, 0, 0], [0, 0, 0], [0, 0, 0]],
    ]


@pytest.mark.parametrize("kernel", ["keras", "fused"])
def test_ratios_in_the_input_override_the_table(kernel: str) -> None:
    model = build("bilstm", kernel, 3)
    ids = np.array([[0, 0, 0, 7, 5, 6, 9]], np.int32)
    ratios = np.zeros((1, 7, 3), np.float32)
    ratios[0, 4:6] = [0.5, 0, 0], [-1.5, 2, 4]
    assert np.abs(model((ids, ratios)) - model(ids)).max() <= 1e-6
    assert np.abs(model((ids, 0 * ratios)) - model(ids)).max() > 1e-3


def test_sums_of_ratios_are_never_dropped() -> None:
    model = build("bigru", "fused", 3)
    outputs = np.ones((50, model.layers[-1].input_spec.axes[-1]), np.float32)
    dropped = model.layers[-2](outputs, training=True).numpy()
    assert (dropped[:, -3:] == 1).all()
    assert set(np.unique(dropped[:, :-3])) == {0, 2}


def test_dropout_is_equal_for_all_occurrences_of_a_word() -> None:
    embedding = Embedding(WORDS, 50, dropout=0.5)
    vectors = embedding(np.array([[5, 6, 5], [6, 5, 5]], np.int32), training=True).numpy()
    assert (vectors[0, 0] == vectors[[0, 1, 1], [2, 1, 2]]).all()
    assert (vectors[0, 1] == vectors[1, 0]).all()
    assert 0 < (vectors[0, 0] == 0).mean() < 1
    assert (embedding(np.array([[5]], np.int32)).numpy() != 0).all()


def test_word_dropout_replaces_words_by_out_of_vocabulary() -> None:
    embedding = Embedding(WORDS, DIM, word_dropout=0.4)
    ids = np.full((100, 20), 5, np.int32)
    vectors = embedding(ids, training=True).numpy()
    unknown, known = embedding(np.array([OUT_OF_VOCABULARY, 5], np.int32)).numpy()
    are_unknown = (vectors == unknown).all(axis=-1)
    assert (are_unknown | (vectors == known).all(axis=-1)).all()
    assert are_unknown.mean() == pytest.approx(0.4, abs=0.05)
    assert (embedding(ids).numpy() == known).all()
