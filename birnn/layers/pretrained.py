"""The states of a pretrained LSTM, as features of words."""

import keras
import tensorflow as tf

from birnn.layers.embeddings import Words, gather_distinct
from birnn.layers.fused import recurrent_states
from birnn.layers.pooling import DIRECTIONS
from birnn.text.encoding import PADDING

# The standard deviation of pretrained states is about 0.09, that of word vectors 0.3 (with norm 3
# and 100 elements).
SCALE = 3.5


class PretrainedLSTM(keras.layers.Layer):  # type: ignore[misc]  # Keras comes without types
    """A frozen bidirectional LSTM that reads frozen word vectors, see `training.pretraining`."""

    def __init__(self, num_words: int, embedding_dim: int, units: int) -> None:
        """Create an LSTM of `units` per direction."""
        super().__init__()
        self.size = DIRECTIONS * units
        self.vectors = self.add_weight(name="vectors", shape=(num_words, embedding_dim))
        self.lstm = keras.layers.Bidirectional(keras.layers.LSTM(units, return_sequences=True))
        self.lstm.build((None, None, embedding_dim))
        self.trainable = False

    def call(self, ids: tf.Tensor, *, is_fused: bool = False) -> tf.Tensor:
        """Return the scaled states after each word, shape (*ids, size), 0 at padding."""
        mask = tf.not_equal(ids, PADDING)
        indices, vectors = gather_distinct(self.vectors, ids)
        if is_fused:
            words = Words(indices, vectors, tf.zeros([*tf.unstack(tf.shape(ids)), 0]), mask)
            states = recurrent_states(words, self.lstm)
        else:
            states = self.lstm(tf.gather(vectors, indices), mask=mask)
            states = tf.where(mask[..., None], states, 0.0)
        return SCALE * states
