"""Tests of adversarial training: the perturbation of word vectors, and a training step."""

from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from birnn.training import adversarial
from birnn.training.loss import accuracy, binary_crossentropy
from tests.birnn.small_networks import build, config

IDS = np.random.default_rng(0).integers(1, 5, (8, 6)).astype(np.int32)
LABELS = (IDS[:, 0] > 2).astype(np.float32)
NORM = 0.5


@settings(max_examples=25)
@given(st.integers(0, 2**16), st.floats(0.01, 10))
def test_perturbation_has_the_norm_and_follows_the_gradient(seed: int, norm: float) -> None:
    rng = np.random.default_rng(seed)
    reviews = np.sort(rng.integers(0, 4, 20)).astype(np.int32)
    occurrences = rng.integers(1, 4, 20).astype(np.int32)
    gradient = rng.normal(size=(20, 3)).astype(np.float32)
    gradient[reviews == 3] = 0
    change = adversarial.adversarial_perturbation(gradient, reviews, occurrences, np.float32(norm))
    assert not change[reviews == 3].any()
    for review in {*reviews} - {3}:
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


def small_network(kernel: str, **options: Any) -> keras.Sequential:
    keras.utils.set_random_seed(0)
    shape = {"num_words": 5, "maxlen": 6, "kernel": kernel, "dropout": 0, **options}
    model = build(config("bigru", **shape))  # one that all kernels can run
    metrics = [keras.metrics.MeanMetricWrapper(accuracy, "accuracy")]
    model.compile(keras.optimizers.SGD(1.0), binary_crossentropy, metrics=metrics)
    return model


def step_by_hand(model: keras.Sequential) -> tuple[float, list[NDArray[Any]]]:
    """Compute a step anew, from the vectors of all positions; return its loss and the weights."""
    embedding, layer, _, output = model.layers
    weights = [variable.value for variable in model.trainable_variables]

    def loss(vectors: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(binary_crossentropy(LABELS[:, None], output(layer(vectors))))

    with tf.GradientTape(persistent=True) as tape:
        vectors = tf.gather(embedding.embeddings.value, IDS)
        clean_loss = loss(vectors)
    (position_gradients,) = tape.gradient(clean_loss, [vectors])
    perturbation = np.zeros_like(position_gradients)
    for review, ids in enumerate(IDS):
        for word in set(ids):
            is_word = ids == word
            perturbation[review, is_word] = position_gradients.numpy()[review, is_word].mean(axis=0)
        perturbation[review] *= NORM / np.linalg.norm(perturbation[review])
    with tape:
        adversarial_loss = loss(tf.gather(embedding.embeddings.value, IDS) + perturbation)
    assert adversarial_loss > clean_loss
    changes = (tape.gradient(each, weights) for each in (clean_loss, adversarial_loss))
    return float(clean_loss), [
        weight.numpy() - sum(tf.convert_to_tensor(gradient).numpy() for gradient in gradients) / 2
        for weight, *gradients in zip(weights, *changes, strict=True)
    ]


@pytest.mark.parametrize("kernel", ["fused", "keras"])
def test_step_follows_the_mean_gradient_with_and_without_the_perturbation(kernel: str) -> None:
    loss, weights = step_by_hand(small_network("keras"))
    model = small_network(kernel)
    correct = (model(IDS).numpy()[:, 0] > 0) == LABELS
    model.train_step = partial(adversarial.train_step, model, NORM)
    logs = model.fit(IDS, LABELS, batch_size=8, shuffle=False, verbose=0).history
    for weight, expected in zip(model.get_weights(), weights, strict=True):
        assert weight == pytest.approx(expected, abs=1e-6)
    assert logs["loss"] == pytest.approx([loss])
    assert logs["accuracy"] == pytest.approx([correct.mean()])


@pytest.mark.parametrize("part", ["dropout", "embedding_dropout"])
def test_both_gradients_have_the_dropout_of_training(part: str) -> None:
    model = small_network("fused", **{part: 0.999})
    before = model.get_weights()
    step = tf.function(lambda ids, labels: adversarial.train_step(model, NORM, (ids, labels)))
    labels = np.ones((8, 1), np.float32)
    step(IDS, labels)
    changed = [(old != new).any() for old, new in zip(before, model.get_weights(), strict=True)]
    # If all outputs are dropped, only the bias of the last layer learns.
    assert changed[0] is np.False_
    assert sum(changed) == (1 if part == "dropout" else len(before) - 1)
    # A stateful operation would run even if nothing used its result.
    graph = step.get_concrete_function(IDS, labels).graph
    assert "PyFunc" not in {operation.type for operation in graph.get_operations()}
