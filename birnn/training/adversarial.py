"""Adversarial training: also learn from word vectors that are shifted to raise the loss.

Miyato, Dai and Goodfellow, "Adversarial Training Methods for Semi-Supervised Text Classification",
ICLR 2017, section 3. Four things differ from the paper:

- All occurrences of a word in a review shift alike, so that the kernel computes the word once.
- The word vectors are not normalized. Their norm at the start is `word_vectors.norm`.
- The ratios of n-grams do not shift.
- The losses with and without the shift are averaged, not added, so that gradients are about as
  large as in ordinary training and the same `train.clipnorm` suits both.
"""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from birnn.layers.embeddings import Words
from birnn.layers.layered_network import LayeredNetwork

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


def train_step(
    model: LayeredNetwork, norm: float, data: tuple[Any, tf.Tensor]
) -> dict[str, tf.Tensor]:
    """Update the weights by the mean of two gradients: of a batch, and of its perturbation.

    Both have the same dropout of words and of their vectors. Return the metrics without the
    perturbation, as Keras's `train_step` does.

    Args:
        model: the compiled network.
        norm: the norm of the perturbation of each review; epsilon in the paper.
        data: inputs and labels, see `batches`.
    """
    inputs, labels = data
    variables = [variable.value for variable in model.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        batch = model.layers[0].look_up(inputs, training=True)
        words, reviews, occurrences = separate_reviews(batch)
        log_odds = model.classify(words, training=True)
        loss = model.compute_loss(inputs, labels, log_odds)
        with tape.stop_recording():
            gradient, *gradients = tape.gradient(loss, [words.vectors, *variables])
            # In NumPy, because TensorFlow's sums give other bits with more cores.
            perturbation = tf.numpy_function(
                adversarial_perturbation,
                [tf.convert_to_tensor(gradient), reviews, occurrences, norm],
                tf.float32,
                stateful=False,
            )
        perturbed = words._replace(
            vectors=words.vectors + tf.ensure_shape(perturbation, words.vectors.shape)
        )
        adversarial_loss = model.compute_loss(
            inputs, labels, model.classify(perturbed, training=True)
        )
    means = [
        (tf.convert_to_tensor(first) + tf.convert_to_tensor(second)) / 2
        for first, second in zip(gradients, tape.gradient(adversarial_loss, variables), strict=True)
    ]
    model.optimizer.apply(means, model.trainable_variables)
    # Keras divides the loss by the number of devices, so that their sum is the loss of the batch.
    devices = model.distribute_strategy.num_replicas_in_sync
    loss_metric, *_ = model.metrics
    loss_metric.update_state(loss * devices, sample_weight=tf.shape(labels)[0])
    metrics: dict[str, tf.Tensor] = model.compute_metrics(inputs, labels, log_odds)
    return metrics


def separate_reviews(words: Words) -> tuple[Words, tf.Tensor, tf.Tensor]:
    """Give each review its own word vectors.

    Return the words, the review of each vector, and the number of occurrences of its word in this
    review, both int32, shape (vectors,).
    """
    reviews, distinct = (tf.shape(each, tf.int64)[0] for each in (words.indices, words.vectors))
    pairs = tf.range(reviews)[:, None] * distinct + tf.cast(words.indices, tf.int64)
    pairs, indices, occurrences = tf.unique_with_counts(tf.reshape(pairs, [-1]))
    separate = words._replace(
        indices=tf.reshape(indices, tf.shape(words.indices)),
        vectors=tf.gather(words.vectors, pairs % distinct),
    )
    return separate, tf.cast(pairs // distinct, tf.int32), occurrences


def adversarial_perturbation(
    gradient: Floats, reviews: Ints, occurrences: Ints, norm: np.float32
) -> Floats:
    """Return the shift of word vectors that raises the loss most, to first order.

    For each review, the norm over all its words, repeated ones included, is `norm`; it is 0 if the
    gradient is 0. The shape is the shape of the gradient.

    Args:
        gradient: of the loss with respect to the word vectors of each review, shape
            (vectors, embedding_dim).
        reviews: the review of each vector, shape (vectors,).
        occurrences: how often the word occurs in the review, shape (vectors,).
        norm: the norm of the perturbation of each review.
    """
    direction: Floats = gradient * (1 / occurrences[:, None]).astype(np.float32)
    squares = (gradient * direction).sum(axis=1, dtype=np.float64)
    norms = np.sqrt(np.bincount(reviews, squares))
    norms[norms == 0] = np.inf
    factors: Floats = (norm / norms).astype(np.float32)
    return factors[reviews, None] * direction
