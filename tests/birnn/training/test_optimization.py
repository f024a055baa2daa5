"""Tests of the loss and the optimizer, compared with Keras's."""

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from birnn.training.optimization import (
    accuracy,
    binary_crossentropy,
    clip_by_global_norm,
    create_optimizer,
)
from tests.birnn.training.test_fit import settings


@examples(max_examples=25)
@given(st.lists(st.tuples(st.floats(-100, 100, width=32), st.integers(0, 1)), min_size=1))
def test_loss_and_gradient_equal_keras(pairs: list[tuple[float, int]]) -> None:
    logits = tf.constant([[logit] for logit, _ in pairs], tf.float32)
    labels = tf.constant([[label] for _, label in pairs], tf.uint8)
    results = []
    keras_loss = partial(keras.losses.binary_crossentropy, from_logits=True)
    for loss in (binary_crossentropy, keras_loss):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            losses = loss(labels, logits)
            total = tf.reduce_sum(3 * losses)
        results.append((losses.numpy(), tape.gradient(total, logits).numpy()))
    for ours, expected in zip(*results, strict=True):
        assert ours == pytest.approx(expected, abs=1e-6)


def test_review_is_correct_if_it_is_classified_as_its_likelier_class() -> None:
    labels = tf.constant([[1], [0], [0.6], [0.6], [0.5], [0]])
    log_odds = tf.constant([[0.1], [0.1], [0.1], [-0.1], [-0.1], [0]])
    assert accuracy(labels, log_odds).numpy()[:, 0].tolist() == [1, 0, 1, 0, 1, 1]


@pytest.mark.parametrize("scale", [0.01, 10.0])
def test_clipping_equals_keras(scale: float) -> None:
    rng = np.random.default_rng(0)
    dense, rows = (
        tf.constant(rng.normal(0, scale, shape), tf.float32) for shape in ((3, 4), (2, 5))
    )
    sparse = tf.IndexedSlices(rows, tf.constant([1, 7]), tf.constant([9, 5]))
    expected, _ = tf.clip_by_global_norm([dense, rows], 1.0)
    clip = tf.function(lambda dense, sparse: clip_by_global_norm([dense, sparse], 1.0))
    clipped, clipped_sparse = clip(dense, sparse)
    assert clipped.numpy() == pytest.approx(expected[0].numpy(), rel=1e-6)
    assert clipped_sparse.values.numpy() == pytest.approx(expected[1].numpy(), rel=1e-6)
    assert clipped_sparse.indices.numpy().tolist() == [1, 7]
    # A stateful operation would run even if nothing used its result.
    graph = clip.get_concrete_function(dense, sparse).graph
    assert "PyFunc" not in {operation.type for operation in graph.get_operations()}


def test_optimizer_has_the_schedule_and_clips_gradients() -> None:
    weights = keras.Variable([0.0, 0.0])
    options = {"optimizer": "sgd", "learning_rate": 0.5, "batch_size": 4, "epochs": 2}
    optimizer = create_optimizer(settings(**options, schedule="cosine"), reviews=9)
    rates = []
    for _ in range(7):  # 3 batches per epoch
        rates.append(float(optimizer.learning_rate))
        optimizer.apply([tf.constant([3.0, 4.0])], [weights])
    assert rates == pytest.approx([0.25 * (1 + np.cos(np.pi * step / 6)) for step in range(7)])
    assert weights.numpy() == pytest.approx([-3 * sum(rates), -4 * sum(rates)])
    weights.assign([0.0, 0.0])
    optimizer = create_optimizer(settings(**options, max_gradient_norm=1.0), reviews=9)
    optimizer.apply([tf.constant([3.0, 4.0])], [weights])
    assert weights.numpy() == pytest.approx([-0.3, -0.4])
