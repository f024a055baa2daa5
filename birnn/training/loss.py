"""The loss of the networks, with the same gradient on every CPU."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from birnn.networks.log_odds import boundary


def binary_crossentropy(labels: tf.Tensor, log_odds: tf.Tensor) -> tf.Tensor:
    """Return the binary cross-entropy of each review, float32, shape (reviews,).

    Args:
        labels: 1 positive, 0 negative, or the probability of positive, shape (reviews, 1).
        log_odds: outputs of a network, shape (reviews, 1).
    """
    return tf.squeeze(_crossentropy(tf.cast(labels, log_odds.dtype), log_odds), axis=-1)


def accuracy(labels: tf.Tensor, log_odds: tf.Tensor) -> tf.Tensor:
    """Return 1 for each review that is classified as its likelier class, else 0.

    The shape is (reviews, 1).

    Args:
        labels: as for `binary_crossentropy`; 0.5 counts as negative.
        log_odds: outputs of a network, shape (reviews, 1).
    """
    classes = tf.round(tf.cast(labels, tf.float32))
    return keras.metrics.binary_accuracy(classes, log_odds, threshold=boundary())


@tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow comes without types
def _crossentropy(labels: tf.Tensor, log_odds: tf.Tensor) -> tuple[tf.Tensor, Callable[..., Any]]:
    """Return the cross-entropy of each review.

    TensorFlow's own gradient has a reciprocal, which Intel and AMD approximate differently.
    """

    def gradient(upstream: tf.Tensor) -> tuple[None, tf.Tensor]:
        return None, upstream * (tf.sigmoid(log_odds) - labels)

    return tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=log_odds), gradient
