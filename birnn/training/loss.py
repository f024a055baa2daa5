"""The loss of the networks, with the same gradient on every CPU."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


def binary_crossentropy(labels: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
    """Return Keras's binary cross-entropy of each review, float32, shape (reviews,).

    Args:
        labels: 1 positive, 0 negative, shape (reviews, 1).
        probabilities: outputs of Keras's sigmoid, which come with their logits.
    """
    logits = getattr(probabilities, "_keras_logits", None)
    if logits is None:  # while Keras computes only shapes
        return keras.losses.binary_crossentropy(labels, probabilities)
    return tf.squeeze(_crossentropy(tf.cast(labels, logits.dtype), logits), axis=-1)


@tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow comes without types
def _crossentropy(labels: tf.Tensor, logits: tf.Tensor) -> tuple[tf.Tensor, Callable[..., Any]]:
    """Return the cross-entropy of each review.

    TensorFlow's own gradient has a reciprocal, which Intel and AMD approximate differently.
    """

    def gradient(upstream: tf.Tensor) -> tuple[None, tf.Tensor]:
        return None, upstream * (tf.sigmoid(logits) - labels)

    return tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits), gradient
