"""Tests of adversarial training: the change of the word vectors, and its effect on the weights."""

from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from birnn.layers.embeddings import Words
from birnn.networks.config import NetworkConfig
from birnn.training import adversarial
from birnn.training.loss import binary_crossentropy
from tests.birnn.small_networks import build
from tests.tiers import sampled

IDS = np.random.default_rng(0).integers(1, 5, (8, 6)).astype(np.int32)
LABELS = (IDS[:, 0] > 2).astype(np.float32)


def small_network(kernel: Any, **options: Any) -> keras.Sequential:
    keras.utils.set_random_seed(0)
    config = NetworkConfig(
        name="bigru",
        num_words=5,
        maxlen=6,
        embedding_dim=4,
        settings={"units": 3},
        dropout=0,
        kernel=kernel,
        **options,
    )
    model = build(config)
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss=binary_crossentropy)
    return model


def train(model: keras.Sequential, norm: float | None) -> list[NDArray[Any]]:
    """Return the weights after two steps."""
    if norm is not None:
        model.train_step = partial(adversarial.train_step, model, norm)
    model.fit(IDS, LABELS, batch_size=8, epochs=2, shuffle=False, verbose=0)
    weights: list[NDArray[Any]] = model.get_weights()
    return weights


@given(st.integers(0, 2**16), st.floats(0.01, 10))
def test_change_has_the_norm_and_follows_the_gradient(seed: int, norm: float) -> None:
    rng = np.random.default_rng(seed)
    reviews = np.sort(rng.integers(0, 4, 20)).astype(np.int32)
    occurrences = rng.integers(1, 4, 20).astype(np.int32)
    gradient = rng.normal(size=(20, 3)).astype(np.float32)
    change = adversarial.worst_change(gradient, reviews, occurrences, np.float32(norm))
    for review in set(reviews):
        own = reviews == review
        # One row per occurrence of a word.
        changes, gradients = (
            np.repeat(array[own], occurrences[own], axis=0)
            for array in (change, gradient / occurrences[:, None])
        )
        assert np.linalg.norm(changes) == pytest.approx(norm, rel=1e-4)
        # No other change with this norm raises the loss as much.
        largest = norm * np.linalg.norm(gradients)
        assert (changes * gradients).sum() == pytest.approx(largest, rel=1e-4)


def test_review_without_gradient_does_not_change() -> None:
    gradient, ones = np.zeros((2, 3), np.float32), np.ones(2, np.int32)
    assert not adversarial.worst_change(gradient, 0 * ones, ones, np.float32(1)).any()


def test_every_review_gets_its_own_vectors() -> None:
    vectors = tf.constant([[1.0], [2.0]])
    words = Words(tf.constant([[0, 1, 0], [1, 1, 1]]), vectors, tf.zeros((2, 3, 0)), None)
    own, reviews, occurrences = adversarial.words_of_each_review(words)
    assert own.indices.numpy().tolist() == [[0, 1, 0], [2, 2, 2]]
    assert own.vectors.numpy().tolist() == [[1], [2], [2]]
    assert reviews.numpy().tolist() == [0, 0, 1]
    assert occurrences.numpy().tolist() == [2, 1, 3]


@pytest.mark.parametrize("pooling", ["last", "max_mean"])
def test_kernels_train_to_equal_weights(pooling: Any) -> None:
    fused, layered = (
        train(small_network(each, pooling=pooling), 0.5) for each in ("fused", "keras")
    )
    for weight, expected in zip(fused, layered, strict=True):
        assert weight == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("kernel", sampled(["fused", "keras"], "fused"))
def test_small_change_trains_as_no_change(kernel: Any) -> None:
    expected = train(small_network(kernel), None)
    for weight, other in zip(expected, train(small_network(kernel), 1e-5), strict=True):
        assert weight == pytest.approx(other, abs=1e-4)
    largest = max(
        np.abs(weight - other).max()
        for weight, other in zip(expected, train(small_network(kernel), 1.0), strict=True)
    )
    assert largest > 1e-3


def test_change_raises_the_loss() -> None:
    model = small_network("fused")
    words, reviews, occurrences = adversarial.words_of_each_review(model.layers[0].look_up(IDS))

    def loss(vectors: tf.Tensor) -> tf.Tensor:
        log_odds = model.classify(words._replace(vectors=vectors), training=True)
        return tf.reduce_mean(binary_crossentropy(LABELS[:, None], log_odds))

    with tf.GradientTape() as tape:
        tape.watch(words.vectors)
        before = loss(words.vectors)
    gradient = tape.gradient(before, words.vectors).numpy()
    norm = np.float32(0.1)
    change = adversarial.worst_change(gradient, reviews.numpy(), occurrences.numpy(), norm)
    rng = np.random.default_rng(0)
    rises = []
    for direction in [gradient, *rng.normal(size=(20, *gradient.shape)).astype(np.float32)]:
        other = adversarial.worst_change(direction, reviews.numpy(), occurrences.numpy(), norm)
        rises.append(float(loss(words.vectors + other) - before))
    assert float(loss(words.vectors + change) - before) == rises[0] == max(rises)
    assert rises[0] > 0
