"""The networks as Keras computes them."""

from typing import Any

import keras
import tensorflow as tf

from birnn.networks.embeddings import Words
from birnn.networks.pooling import call_layer


class LayeredNetwork(keras.Sequential):  # type: ignore[misc]  # Keras comes without types
    """A network that looks up words, and calls its other Keras layers one after another."""

    def call(self, inputs: Any, training: bool | None = None) -> tf.Tensor:  # noqa: FBT001  # as Keras calls it
        """Return log-odds, shape (reviews, 1), for the inputs of `Embedding`."""
        words = self.layers[0].look_up(inputs, training=training)
        return self.classify(words, training=training)

    def classify(self, words: Words, *, training: bool | None) -> tf.Tensor:
        """Return log-odds, shape (reviews, 1)."""
        embedding, layer, dropout, output = self.layers
        states = call_layer(layer, embedding.concatenate(words), words.mask, training=training)
        return output(dropout(states, training=training))
