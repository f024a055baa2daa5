"""Adversarial training: learn to resist small changes of the word vectors that raise the loss.

Miyato, Dai and Goodfellow, "Adversarial Training Methods for Semi-Supervised Text Classification",
ICLR 2017, section 3. In contrast to the paper, all occurrences of a word in a review change alike,
so that the kernel computes a word only once per review.
"""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from birnn.layers.base_network import BaseNetwork
from birnn.layers.embeddings import Words

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


def train_step(
    model: BaseNetwork, norm: float, data: tuple[Any, tf.Tensor]
) -> dict[str, tf.Tensor]:
    """Update the weights by the mean gradient of a batch before and after its worst change.

    Return the metrics before the change, as Keras's `train_step` does.

    Args:
        model: the compiled network.
        norm: the norm of the change of each review; epsilon in the paper.
        data: inputs and labels, see `batches`.
    """
    inputs, labels = data
    variables = [variable.value for variable in model.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        words, *uses = words_of_each_review(model.layers[0].look_up(inputs, training=True))
        log_odds = model.classify(words, training=True)
        loss = model.compute_loss(inputs, labels, log_odds)
        with tape.stop_recording():
            gradient, *gradients = tape.gradient(loss, [words.vectors, *variables])
            tensors = [gradient, *uses, norm]
            change = tf.numpy_function(worst_change, tensors, tf.float32, stateful=False)
        changed = words._replace(vectors=words.vectors + tf.ensure_shape(change, gradient.shape))
        changed_loss = model.compute_loss(inputs, labels, model.classify(changed, training=True))
    pairs = zip(gradients, tape.gradient(changed_loss, variables), strict=True)
    means = [tf.add_n([tf.convert_to_tensor(each) for each in pair]) / 2 for pair in pairs]
    model.optimizer.apply(means, model.trainable_variables)
    # Keras divides the loss by the number of devices, so that their sum is the loss of the batch.
    devices = model.distribute_strategy.num_replicas_in_sync
    model.metrics[0].update_state(loss * devices, sample_weight=tf.shape(labels)[0])
    metrics: dict[str, tf.Tensor] = model.compute_metrics(inputs, labels, log_odds)
    return metrics


def words_of_each_review(words: Words) -> tuple[Words, tf.Tensor, tf.Tensor]:
    """Give each review vectors of its own.

    Return the words, the review of each vector and the number of its occurrences in the review,
    both int32, shape (vectors,).
    """
    reviews, distinct = (tf.shape(each, tf.int64)[0] for each in (words.indices, words.vectors))
    pairs = tf.range(reviews)[:, None] * distinct + tf.cast(words.indices, tf.int64)
    pairs, indices, occurrences = tf.unique_with_counts(tf.reshape(pairs, [-1]))
    vectors = tf.gather(words.vectors, pairs % distinct)
    own = words._replace(indices=tf.reshape(indices, tf.shape(words.indices)), vectors=vectors)
    return own, tf.cast(pairs // distinct, tf.int32), occurrences


def worst_change(gradient: Floats, reviews: Ints, occurrences: Ints, norm: np.float32) -> Floats:
    """Return the change that raises the loss the most, to first order, shape as the gradient.

    In each review, the norm of the changes of all occurrences of words together is `norm`, or 0
    if the gradient is 0.

    Args:
        gradient: of the loss with respect to the vectors of the words of each review, shape
            (vectors, embedding_dim).
        reviews: the review of each vector, shape (vectors,).
        occurrences: how often the word occurs in the review, shape (vectors,).
        norm: the norm.
    """
    change: Floats = gradient * (1 / occurrences[:, None]).astype(np.float32)
    squares = (gradient * change).sum(axis=1, dtype=np.float64)
    norms = np.sqrt(np.bincount(reviews, squares))
    norms[norms == 0] = np.inf
    factors: Floats = (norm / norms).astype(np.float32)
    return factors[reviews, None] * change
