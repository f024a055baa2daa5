"""Attribution of a prediction to the words of the review by integrated gradients.

Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", ICML 2017, section 3. The
baseline is the review with every word vector replaced by the vector of padding ("blanked"). The
function is the log-odds of positive because, unlike the probability, they do not saturate.
"""

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from birnn.inference.predictor import TOLERANCE, Attribution
from birnn.layers.pooling import call_layer
from birnn.text.sequences import FIRST_WORD, OUT_OF_VOCABULARY, PADDING

STEPS = (32, 64, 128, 256, 512)


class Attributor:
    """Integrated gradients of one network."""

    def __init__(self, model: keras.Model) -> None:
        """Prepare to attribute predictions of a network from `build_network`."""
        self._embedding, self._layer, _, self._output = model.layers
        # Tracing takes seconds: do it once, for any number of points.
        self._gradients = tf.function(self._log_odds_and_gradients).get_concrete_function(
            tf.TensorSpec(self._embedding.compute_output_shape(model.input_shape)),
            tf.TensorSpec((1, *model.input_shape[1:]), tf.bool)
            if self._embedding.mask_zero
            else None,
        )

    def attribute(self, sequence: NDArray[np.int32]) -> Attribution:
        """Return the contribution of each position of a sequence, int32, shape (maxlen,).

        The path integral uses Gauss-Legendre quadrature. The number of points grows through STEPS
        until the gap is at most TOLERANCE. A network that saturates may need more of them.
        """
        is_word = (sequence >= FIRST_WORD) | (sequence == OUT_OF_VOCABULARY)
        vectors = self._embedding(sequence[None]).numpy()[0]
        blanked = self._embedding(np.where(is_word, PADDING, sequence)[None]).numpy()[0]
        mask = self._embedding.compute_mask(sequence[None])
        (blank, log_odds), _ = self._gradients(tf.stack([blanked, vectors]), mask)
        for steps in STEPS:
            points, weights = np.polynomial.legendre.leggauss(steps)
            fractions = ((points + 1) / 2)[:, None, None].astype(np.float32)
            _, gradients = self._gradients(blanked + fractions * (vectors - blanked), mask)
            mean = np.tensordot(weights / 2, gradients.numpy().astype(np.float64), axes=1)
            contributions = ((vectors - blanked) * mean).sum(axis=1)
            attribution = Attribution(float(blank), float(log_odds), contributions)
            if abs(attribution.gap) <= TOLERANCE:
                break
        return attribution

    def _log_odds_and_gradients(
        self, vectors: tf.Tensor, mask: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        if mask is not None:
            mask = tf.repeat(mask, tf.shape(vectors)[0], axis=0)
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            hidden = call_layer(self._layer, vectors, mask, training=False)
            log_odds = self._output(hidden)[:, 0]
        return log_odds, tape.gradient(log_odds, vectors)
