"""Tests of the loss and of gradient clipping, compared with Keras's."""

import subprocess
import sys
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from birnn.training.loss import binary_crossentropy
from birnn.training.optimizers import clip_by_global_norm


@given(st.lists(st.tuples(st.floats(-100, 100, width=32), st.integers(0, 1)), min_size=1))
def test_loss_and_gradient_equal_keras(examples: list[tuple[float, int]]) -> None:
    logits = tf.constant([[logit] for logit, _ in examples], tf.float32)
    labels = tf.constant([[label] for _, label in examples], tf.uint8)
    results = []
    keras_loss = partial(keras.losses.binary_crossentropy, from_logits=True)
    for loss in (binary_crossentropy, keras_loss):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            losses = loss(labels, logits)
        results.append((losses.numpy(), tape.gradient(losses, logits).numpy()))
    for ours, expected in zip(*results, strict=True):
        assert ours == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("scale", [0.01, 10.0])
def test_clipping_equals_keras(scale: float) -> None:
    rng = np.random.default_rng(0)
    dense, rows = (
        tf.constant(rng.normal(0, scale, shape), tf.float32) for shape in ((3, 4), (2, 5))
    )
    sparse = tf.IndexedSlices(rows, tf.constant([1, 7]), tf.constant([9, 5]))
    expected, _ = tf.clip_by_global_norm([dense, rows], 1.0)
    clipped, clipped_sparse = clip_by_global_norm([dense, sparse], 1.0)
    assert clipped.numpy() == pytest.approx(expected[0].numpy(), rel=1e-6)
    assert clipped_sparse.values.numpy() == pytest.approx(expected[1].numpy(), rel=1e-6)
    assert clipped_sparse.indices.numpy().tolist() == [1, 7]


NORM_SCRIPT = """
import numpy as np
from birnn.core.libraries import tensorflow_imports
with tensorflow_imports():
    import tensorflow as tf
    from birnn.training.optimizers import clip_by_global_norm
clip = tf.function(lambda gradient: clip_by_global_norm([gradient], 1.0)[0])
for seed in range(6):
    gradient = np.random.default_rng(seed).normal(size=(60_000, 100)).astype(np.float32)
    print(clip(tf.constant(gradient)).numpy()[0, :3].tobytes().hex())
"""


@pytest.mark.slow
def test_threads_do_not_change_the_norm(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = []
    for count in ("1", "16"):
        monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", count)
        command = [sys.executable, "-c", NORM_SCRIPT]
        outputs.append(subprocess.run(command, check=True, capture_output=True).stdout)
    assert outputs[0] == outputs[1]
