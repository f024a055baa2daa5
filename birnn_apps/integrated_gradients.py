"""Attribution of a network's prediction to the words of the review by integrated gradients.

Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", ICML 2017, section 3. The
baseline is the review with every word vector replaced by the vector of padding ("blanked"). The
function is the log-odds of positive because, unlike the probability, they do not saturate.
"""

from functools import cache
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import tensorflow as tf
from numpy.typing import NDArray

from birnn.evaluation.network_model import NetworkModel
from birnn.networks.pooling import call_layer
from birnn.reviews.sequences import FIRST_WORD, OUT_OF_VOCABULARY, PADDING
from birnn_apps.attribution import Attribution

STEPS = (32, 64, 128, 256, 512)
TOLERANCE = 0.01  # log-odds that an attribution may leave unexplained


def attribute(model: NetworkModel, words: list[str]) -> Attribution:
    """Return how each word of a text contributes to the log-odds, 0 if it is not read."""
    (sequence,) = model.encode(pa.array([words], pa.list_(pa.string())))
    attribution = attribute_sequence(model.network, sequence)
    contributions = np.zeros(len(words))
    read = model.words_read(len(words))
    contributions[read] = attribution.contributions[_is_word(sequence)]
    terms = [(words[index], float(contributions[index])) for index in read]
    return Attribution(attribution.blank, attribution.log_odds, contributions, terms)


def attribute_sequence(network: keras.Model, sequence: NDArray[np.int32]) -> Attribution:
    """Return the contribution of each position of a sequence, int32, shape (maxlen,).

    The path integral uses Gauss-Legendre quadrature. The number of points grows through STEPS until
    the gap is at most TOLERANCE. A network that saturates may need more of them.
    """
    embedding, gradients = network.layers[0], _gradients(network)
    vectors = embedding(sequence[None]).numpy()[0]
    blanked = embedding(np.where(_is_word(sequence), PADDING, sequence)[None]).numpy()[0]
    mask = embedding.compute_mask(sequence[None])
    (blank, log_odds), _ = gradients(tf.stack([blanked, vectors]), mask)
    for steps in STEPS:
        points, weights = np.polynomial.legendre.leggauss(steps)
        fractions = ((points + 1) / 2)[:, None, None].astype(np.float32)
        _, slopes = gradients(blanked + fractions * (vectors - blanked), mask)
        mean = np.tensordot(weights / 2, slopes.numpy().astype(np.float64), axes=1)
        contributions = ((vectors - blanked) * mean).sum(axis=1)
        attribution = Attribution(float(blank), float(log_odds), contributions)
        if abs(attribution.gap) <= TOLERANCE:
            break
    return attribution


def _is_word(sequence: NDArray[np.int32]) -> NDArray[np.bool_]:
    is_word: NDArray[np.bool_] = (sequence >= FIRST_WORD) | (sequence == OUT_OF_VOCABULARY)
    return is_word


@cache  # tracing takes seconds
def _gradients(network: keras.Model) -> Any:
    """Return a function of word vectors and a mask: the log-odds and their gradients."""
    embedding, layer, _, output = network.layers

    def compute(vectors: tf.Tensor, mask: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor]:
        if mask is not None:
            mask = tf.repeat(mask, tf.shape(vectors)[0], axis=0)
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            hidden = call_layer(layer, vectors, mask, training=False)
            log_odds = output(hidden)[:, 0]
        return log_odds, tape.gradient(log_odds, vectors)

    shape = network.input_shape
    vectors = tf.TensorSpec(embedding.compute_output_shape(shape))  # any number of points
    mask = tf.TensorSpec((1, *shape[1:]), tf.bool) if embedding.mask_zero else None
    return tf.function(compute).get_concrete_function(vectors, mask)
