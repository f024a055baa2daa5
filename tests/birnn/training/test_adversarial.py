"""Tests of adversarial training: the perturbation of word vectors, and a training step."""

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
def test_perturbation_has_the_norm_and_follows_the_gradient(seed: int, norm: float) -> None:
    rng = np.random.default_rng(seed)
    reviews = np.sort(rng.integers(0, 4, 20)).astype(np.int32)
    occurrences = rng.integers(1, 4, 20).astype(np.int32)
    gradient = rng.normal(size=(20, 3)).astype(np.float32)
    change = adversarial.adversarial_perturbation(gradient, reviews, occurrences, np.float32(norm))
    for review in set(reviews):
        own = reviews == review
        # One row per occurrence of a word.
        changes, gradients = (
            np.repeat(array[own], occurrences[own], axis=0)
            for array in (change, gradient / occurrences[:, None])
        )
        assert np.linalg.norm(changes) == pytest.approx(norm, rel=1e-4)
        # No other perturbation with this norm raises the loss as much.
        largest = norm * np.linalg.norm(gradients)
        assert (changes * gradients).sum() == pytest.approx(largest, rel=1e-4)


def test_review_without_gradient_is_not_perturbed() -> None:
    gradient, ones = np.zeros((2, 3), np.float32), np.ones(2, np.int32)
    assert not adversarial.adversarial_perturbation(gradient, 0 * ones, ones, np.float32(1)).any()


def test_every_review_gets_its_own_vectors() -> None:
    vectors = tf.constant([[1.0], [2.0]])
    words = Words(tf.constant([[0, 1, 0], [1, 1, 1]]), vectors, tf.zeros((2, 3, 0)), None)
    own, reviews, occurrences = adversarial.separate_reviews(words)
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
def test_tiny_perturbation_trains_as_none(kernel: Any) -> None:
    expected = train(small_network(kernel), None)
    for weight, other in zip(expected, train(small_network(kernel), 1e-5), strict=True):
        assert weight == pytest.approx(other, abs=1e-4)


def test_step_follows_the_mean_gradient_with_and_without_the_perturbation() -> None:
    """Compute the step anew, from the vectors of all positions."""
    model = small_network("keras")
    _, layer, _, output = model.layers
    embeddings = model.layers[0].embeddings.value
    weights = [variable.value for variable in model.trainable_variables]

    def loss(vectors: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(binary_crossentropy(LABELS[:, None], output(layer(vectors))))

    with tf.GradientTape(persistent=True) as tape:
        vectors = tf.gather(embeddings, IDS)
        clean_loss = loss(vectors)
    (position_gradients,) = tape.gradient(clean_loss, [vectors])
    perturbation = np.zeros_like(position_gradients)
    for review, ids in enumerate(IDS):
        for word in set(ids):
            is_word = ids == word
            perturbation[review, is_word] = position_gradients.numpy()[review, is_word].mean(axis=0)
        perturbation[review] *= 0.5 / np.linalg.norm(perturbation[review])
    with tape:
        adversarial_loss = loss(tf.gather(embeddings, IDS) + perturbation)
    expected = [weight.numpy() for weight in weights]
    for gradients in (tape.gradient(each, weights) for each in (clean_loss, adversarial_loss)):
        for weight, gradient in zip(expected, gradients, strict=True):
            weight -= tf.convert_to_tensor(gradient).numpy() / 2  # noqa: PLW2901
    model.train_step = partial(adversarial.train_step, model, 0.5)
    model.fit(IDS, LABELS, batch_size=8, shuffle=False, verbose=0)
    for weight, value in zip(model.get_weights(), expected, strict=True):
        assert weight == pytest.approx(value, abs=1e-6)
    assert adversarial_loss > clean_loss
