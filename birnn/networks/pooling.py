"""Layers that pool the states of a recurrent layer into one vector per review."""

import inspect
from collections.abc import Sequence
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


def recurrent_layers(layer: keras.Layer) -> list[keras.layers.RNN]:
    """Return the recurrent layers in the layer after the embedding: one per direction, or none."""
    if isinstance(layer, keras.layers.Bidirectional):
        return [layer.forward_layer, layer.backward_layer]
    inner = layer.recurrent if isinstance(layer, Pooled) else layer
    return [inner] if isinstance(inner, keras.layers.RNN) else []


class Pooling(keras.layers.Layer):  # type: ignore[misc]  # Keras comes without types
    """A layer that returns the maximum and the mean of each state over the words.

    Howard and Ruder ("Universal Language Model Fine-tuning for Text Classification", 2018, section
    3.3) also concatenate the last state. Here the sums of the fixed numbers of words, such as
    n-gram ratios, are appended instead, as a direct path to the output.
    """

    fixed: slice  # the fixed numbers of a word, after its vector

    def pool(
        self, directions: Sequence[tf.Tensor], sequences: tf.Tensor, mask: tf.Tensor | None
    ) -> tf.Tensor:
        """Return pooled states and sums of fixed numbers, float32, shape (reviews, outputs)."""
        is_word = tf.ones_like(sequences[..., :1], tf.bool) if mask is None else mask[..., None]
        word_counts = tf.reduce_sum(tf.cast(is_word, tf.float32), axis=1)
        pools = []
        for states in directions:
            word_states = tf.where(is_word, states, states.dtype.min)
            pools.append(tf.reduce_max(word_states, axis=1))
            sums = tf.reduce_sum(tf.where(is_word, states, 0.0), axis=1)
            pools.append(sums / word_counts)
        return self.append_evidence(tf.concat(pools, axis=-1), sequences[..., self.fixed])

    def append_evidence(self, pools: tf.Tensor, fixed: tf.Tensor) -> tf.Tensor:
        """Return pooled states followed by the sums of the fixed numbers over each review."""
        return tf.concat([pools, EVIDENCE_SCALE * tf.reduce_sum(fixed, axis=1)], axis=-1)

    def compute_mask(self, *_: Any) -> None:
        """Return None: the output has no padding."""


class PooledBidirectional(Pooling, keras.layers.Bidirectional):  # type: ignore[misc]
    """A bidirectional layer whose states are pooled."""

    def __init__(self, recurrent: keras.layers.RNN, fixed: slice) -> None:
        """Wrap a recurrent layer that returns sequences."""
        super().__init__(recurrent)
        self.fixed = fixed

    def call(
        self,
        sequences: tf.Tensor,
        initial_state: Any = None,
        mask: tf.Tensor | None = None,
        training: bool | None = None,  # noqa: FBT001  # as Keras calls it
    ) -> tf.Tensor:
        """Return what `pool` does."""
        states = super().call(sequences, initial_state, mask=mask, training=training)
        return self.pool(tf.split(states, DIRECTIONS, axis=-1), sequences, mask)

    def compute_output_shape(
        self, sequences_shape: tuple[int | None, ...]
    ) -> tuple[int | None, int]:
        """Return the shape of the pooled states and sums."""
        states = POOLS * super().compute_output_shape(sequences_shape)[-1]
        return sequences_shape[0], states + self.fixed.stop - self.fixed.start


class Pooled(Pooling):
    """A layer of one direction whose states are pooled, or pooled words without such a layer."""

    def __init__(self, recurrent: keras.layers.RNN | None, fixed: slice) -> None:
        """Wrap a recurrent layer that returns sequences, or none."""
        super().__init__()
        self.recurrent, self.fixed = recurrent, fixed

    def call(
        self,
        sequences: tf.Tensor,
        mask: tf.Tensor | None = None,
        training: bool | None = None,  # noqa: FBT001  # as Keras calls it
    ) -> tf.Tensor:
        """Return what `pool` does."""
        states = sequences
        if self.recurrent:
            states = self.recurrent(sequences, mask=mask, training=training)
            # Keras returns the states of a backward layer in the order in which it reads.
            states = tf.reverse(states, [1]) if self.recurrent.go_backwards else states
        return self.pool([states], sequences, mask)


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
