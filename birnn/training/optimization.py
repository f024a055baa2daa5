"""The loss and the optimizer of the networks, the same on every CPU and for any number of cores."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from birnn.networks.log_odds import boundary
from birnn.training.settings import Train

Gradient = Any  # tf.Tensor or tf.IndexedSlices; TensorFlow comes without types


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


def create_optimizer(settings: Train, reviews: int) -> keras.Optimizer:
    """Return the Keras optimizer that the settings specify, for training on `reviews` reviews.

    The allowed names are in `settings.py`; Keras knows them all.
    """
    rate: Any = settings.learning_rate
    if settings.schedule == "cosine":
        steps = settings.epochs * -(-reviews // settings.batch_size)
        rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    kind = type(keras.optimizers.get(settings.optimizer))
    if settings.max_gradient_norm:
        kind = with_clipping(kind, settings.max_gradient_norm)
    return kind(learning_rate=rate)


def with_clipping(kind: type[keras.Optimizer], limit: float) -> type[keras.Optimizer]:
    """Return a kind of optimizer that clips gradients, see `clip_by_global_norm`."""

    class ClippingOptimizer(kind):  # type: ignore[misc]  # Keras comes without types
        def apply(self, gradients: list[Gradient], variables: Any = None) -> None:
            super().apply(clip_by_global_norm(gradients, limit), variables)

    return ClippingOptimizer


def clip_by_global_norm(gradients: list[Gradient], limit: float) -> list[Gradient]:
    """Scale gradients down so that the norm of all together is at most `limit`.

    Pascanu et al., "On the Difficulty of Training Recurrent Neural Networks", 2013, algorithm 1.
    Keras's version gives other bits with more cores, because TensorFlow splits large sums.
    """
    values = [
        gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient
        for gradient in gradients
    ]
    norm = tf.ensure_shape(tf.numpy_function(_global_norm, values, tf.float32, stateful=False), ())
    scale = limit / tf.maximum(norm, limit)
    return [
        tf.IndexedSlices(gradient.values * scale, gradient.indices, gradient.dense_shape)
        if isinstance(gradient, tf.IndexedSlices)
        else gradient * scale
        for gradient in gradients
    ]


def _global_norm(*gradients: NDArray[np.float32]) -> np.float32:
    squares = (np.square(gradient).sum(dtype=np.float64) for gradient in gradients)
    return np.float32(np.sqrt(sum(squares)))
