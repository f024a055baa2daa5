"""Layers that pool the states of a recurrent layer into one vector per review."""

import inspect
from typing import Any

import keras
import tensorflow as tf

DIRECTIONS = 2
POOLS = 2  # maximum and mean

# Numbers such as n-gram ratios can add up to several tens, but states stay below 1.
EVIDENCE_SCALE = 0.1


def call_layer(
    layer: keras.Layer, vectors: tf.Tensor, mask: tf.Tensor | None, *, training: bool | None
) -> tf.Tensor:
    """Call the layer after the embedding, with the mask if it accepts one."""
    options = {"mask": mask} if "mask" in inspect.signature(layer.call).parameters else {}
    return layer(vectors, training=training, **options)


class PooledBidirectional(keras.layers.Bidirectional):  # type: ignore[misc]
    """A bidirectional layer that returns the maximum and the mean of each unit over the words.

    Howard and Ruder ("Universal Language Model Fine-tuning for Text Classification", 2018, section
    3.3) also concatenate the last state. Here the sums of the fixed numbers of words, such as
    n-gram ratios, are appended instead, as a direct path to the output.
    """

    def __init__(self, layer: keras.layers.RNN, embedding_dim: int, width: int) -> None:
        """Wrap a recurrent layer that returns sequences.

        It reads vectors of words, each followed by `width` fixed numbers.
        """
        super().__init__(layer)
        self._fixed = slice(embedding_dim, embedding_dim + width)

    def call(
        self,
        sequences: tf.Tensor,
        initial_state: Any = None,
        mask: tf.Tensor | None = None,
        training: bool | None = None,  # noqa: FBT001  # as Keras calls it
    ) -> tf.Tensor:
        """Return pooled states and sums of fixed numbers, float32, shape (reviews, outputs)."""
        states = super().call(sequences, initial_state, mask=mask, training=training)
        is_word = tf.ones_like(states[..., :1], tf.bool) if mask is None else mask[..., None]
        word_counts = tf.reduce_sum(tf.cast(is_word, tf.float32), axis=1)
        pools = []
        for direction_states in tf.split(states, DIRECTIONS, axis=-1):
            word_states = tf.where(is_word, direction_states, direction_states.dtype.min)
            pools.append(tf.reduce_max(word_states, axis=1))
            sums = tf.reduce_sum(tf.where(is_word, direction_states, 0.0), axis=1)
            pools.append(sums / word_counts)
        return self.append_evidence(tf.concat(pools, axis=-1), sequences[..., self._fixed])

    def append_evidence(self, pools: tf.Tensor, fixed: tf.Tensor) -> tf.Tensor:
        """Return pooled states followed by the sums of the fixed numbers over each review."""
        return tf.concat([pools, EVIDENCE_SCALE * tf.reduce_sum(fixed, axis=1)], axis=-1)

    def compute_output_shape(
        self, sequences_shape: tuple[int | None, ...]
    ) -> tuple[int | None, int]:
        """Return the shape of the pooled states and sums."""
        states = POOLS * super().compute_output_shape(sequences_shape)[-1]
        return sequences_shape[0], states + self._fixed.stop - self._fixed.start

    def compute_mask(self, *_: Any) -> None:
        """Return None: the output has no padding."""


class StateDropout(keras.layers.Dropout):  # type: ignore[misc]  # Keras comes without types
    """Dropout of the states only: the last inputs, the sums of fixed numbers, are never dropped."""

    def __init__(self, rate: float, sums: int) -> None:
        """Drop the fraction `rate` of all inputs except the last `sums`."""
        super().__init__(rate)
        self._sums = sums

    def call(self, inputs: tf.Tensor, training: bool | None = False) -> tf.Tensor:  # noqa: FBT001, FBT002  # as Keras calls it
        """Return the inputs, with dropped states in training."""
        states, evidence = inputs[:, : -self._sums], inputs[:, -self._sums :]
        return tf.concat([super().call(states, training=training), evidence], axis=-1)
