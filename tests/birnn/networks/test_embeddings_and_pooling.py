"""Tests of the layers that Keras lacks: pooling, n-grams and dropout."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from birnn.networks.definition import NetworkConfig
from birnn.networks.embeddings import Embedding
from birnn.networks.network import predict, save_network
from birnn.reviews.sequences import OUT_OF_VOCABULARY
from tests.birnn import small_networks
from tests.birnn.small_networks import config, set_large_weights

WORDS = 30
RATIOS = {5: 0.5, 6: -1.5, 5 * WORDS + 6: 2.0, (7 * WORDS + 5) * WORDS + 6: 4.0}


def configure(kernel: str, maxlen: int) -> NetworkConfig:
    options: dict[str, Any] = {"maxlen": maxlen, "ngrams": len(RATIOS), "longest_ngram": 3}
    return config(kernel=kernel, pooling="max_mean", regions=[2, 3], **options)


def build(kernel: str, maxlen: int) -> keras.Sequential:
    """Return a pooled network that reads n-grams and embeddings of regions."""
    model = small_networks.build(configure(kernel, maxlen))
    set_large_weights(model)
    ratios, regions = model.layers[0].further
    for codes, vectors, ngrams in zip(
        regions.arrays[::2], regions.arrays[1::2], ([5, 9], [5, 6, 5 * WORDS + 6]), strict=True
    ):
        codes.assign(ngrams)
        vectors.assign(np.random.default_rng(0).normal(0, 1, vectors.shape))
    ratios.arrays[0].assign(sorted(RATIOS))
    ratios.arrays[1].assign([RATIOS[code] for code in sorted(RATIOS)])
    return model


@pytest.mark.parametrize("kernel", ["keras", "fused"])
def test_padding_changes_nothing_and_ratios_in_the_input_override_the_table(kernel: str) -> None:
    narrow, wide = build(kernel, 4), build(kernel, 7)
    ids = np.array([[7, 5, 6, 9], [3, 3, 5, 6]], np.int32)
    expected = narrow(ids).numpy()
    for sides in ((3, 0), (0, 3)):
        assert np.abs(wide(np.pad(ids, [(0, 0), sides])) - expected).max() <= 1e-5
    ratios = np.zeros((2, 4, 3), np.float32)
    ratios[0, 1:3] = [0.5, 0, 0], [-1.5, 2, 4]
    ratios[1, 2:4] = [0.5, 0, 0], [-1.5, 2, 0]
    assert np.abs(narrow({"ids": ids, "ngram_ratios": ratios}) - expected).max() <= 1e-6
    assert np.abs(narrow({"ids": ids, "ngram_ratios": 0 * ratios}) - expected).min() > 1e-3


def test_embeddings_of_regions_are_saved_and_reach_neighbors(tmp_path: Path) -> None:
    model = build("fused", 7)
    save_network(configure("fused", 7), model, tmp_path)
    ids = np.array([[7, 5, 6, 9, 8, 8, 8]], np.int32)
    loaded = small_networks.load(tmp_path)
    assert predict(loaded, ids) == predict(model, ids)
    features = model.layers[0].look_up(ids).learned.numpy()
    assert features.any(axis=-1).tolist() == [[True] * 6 + [False]]  # two words from 9
    for network in (model, loaded):
        network.layers[0].further[1].arrays[1].assign(np.zeros((2, 100)))
    assert predict(loaded, ids) == predict(model, ids) != predict(build("fused", 7), ids)


def test_optimizer_gets_one_gradient_per_word() -> None:
    # Adam would square the gradient of each position separately.
    layer = Embedding(9, 3)
    ids = np.array([[1, 5, 1], [7, 1, 5]], np.int32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(ids) * np.arange(6, dtype=np.float32).reshape(2, 3, 1))
    gradient = tape.gradient(loss, layer.embeddings.value)
    assert sorted(gradient.indices.numpy().tolist()) == [1, 5, 7]
    expected = np.zeros((9, 3), np.float32)
    expected[[1, 5, 7]] = [[0 + 2 + 4], [1 + 5], [3]]
    assert tf.convert_to_tensor(gradient).numpy().tolist() == expected.tolist()


def test_sums_of_ratios_are_never_dropped() -> None:
    model = build("fused", 7)
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
    embedding = Embedding(WORDS, 4, word_dropout=0.4)
    ids = np.full((100, 20), 5, np.int32)
    vectors = embedding(ids, training=True).numpy()
    unknown, known = embedding(np.array([OUT_OF_VOCABULARY, 5], np.int32)).numpy()
    are_unknown = (vectors == unknown).all(axis=-1)
    assert (are_unknown | (vectors == known).all(axis=-1)).all()
    assert are_unknown.mean() == pytest.approx(0.4, abs=0.05)
    assert (embedding(ids).numpy() == known).all()
