"""How much each word moved a prediction: integrated gradients.

Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", ICML 2017, section 3. The
path leads from the review with every word blanked, that is with the word vector of padding in its
place, to the review as it is; the function is the log-odds of positive, which, unlike the
probability, do not level off.
"""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from birnn.text.encoding import FIRST_WORD, OUT_OF_VOCABULARY, PADDING

STEPS = (32, 64, 128, 256, 512)
TOLERANCE = 0.01  # of the log-odds


@dataclass(frozen=True)
class Attribution:
    """What moved one prediction of one network, in log-odds of positive.

    Attributes:
        blank: log-odds of the review with every word blanked.
        log_odds: log-odds of the review.
        contributions: of each place of the sequence, shape (maxlen,).
    """

    blank: float
    log_odds: float
    contributions: NDArray[np.float64]

    @property
    def gap(self) -> float:
        """What the contributions leave unexplained; exact integration would leave nothing.

        Completeness, axiom of section 3: they add up to the difference of both ends of the path.
        """
        return self.log_odds - self.blank - float(self.contributions.sum())


class Attributor:
    """Integrated gradients of one network."""

    def __init__(self, model: keras.Model) -> None:
        """Take a network that `networks.build` made."""
        self._embedding, self._recurrent, *self._after, self._output = model.layers
        # Built once: each call of a fresh function would be traced again.
        self._gradients = tf.function(self._log_odds_and_gradients, reduce_retracing=True)

    def attribute(self, sequence: NDArray[np.int32]) -> Attribution:
        """Return what each place of a sequence, int32, shape (maxlen,), contributes.

        The path is integrated by Gauss and Legendre's rule, with more and more points until the
        gap is within TOLERANCE, or the points are the most of STEPS.
        """
        words = (sequence >= FIRST_WORD) | (sequence == OUT_OF_VOCABULARY)
        vectors = self._embedding(sequence[None]).numpy()[0]
        blanked = self._embedding(np.where(words, PADDING, sequence)[None]).numpy()[0]
        mask = self._embedding.compute_mask(sequence[None])
        (blank, log_odds), _ = self._gradients(tf.stack([blanked, vectors]), mask)
        for steps in STEPS:
            points, weights = np.polynomial.legendre.leggauss(steps)
            share = ((points + 1) / 2)[:, None, None].astype(np.float32)
            _, gradients = self._gradients(blanked + share * (vectors - blanked), mask)
            mean = np.tensordot(weights / 2, gradients.numpy().astype(np.float64), axes=1)
            contributions = ((vectors - blanked) * mean).sum(axis=1)
            found = Attribution(float(blank), float(log_odds), contributions)
            if abs(found.gap) <= TOLERANCE:
                break
        return found

    def _log_odds_and_gradients(
        self, vectors: tf.Tensor, mask: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        if mask is not None:
            mask = tf.repeat(mask, tf.shape(vectors)[0], axis=0)
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            hidden = self._recurrent(vectors, mask=mask, training=False)
            for layer in self._after:
                hidden = layer(hidden, training=False)
            log_odds = (hidden @ self._output.kernel + self._output.bias)[:, 0]
        return log_odds, tape.gradient(log_odds, vectors)
