"""Layers that Keras does not have, in terms of its own."""

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from birnn.networks.config import DIRECTIONS, POOLS
from birnn.text.encoding import OUT_OF_VOCABULARY, PADDING
from birnn.text.ngrams import NO_NGRAM

# Ratios of a whole review add up to some tens, states stay below 1.
EVIDENCE_SCALE = 0.1
BEYOND_ANY_STATE = 4  # they lie between -1 and 1


class Words(NamedTuple):
    """What a network reads, each distinct word of the batch once.

    Attributes:
        places: rows of `vectors`, int32, shape (reviews, maxlen).
        vectors: word vectors, float32, shape (distinct words, embedding_dim).
        ratios: of the n-grams that end at each place, float32, shape (reviews, maxlen, lengths).
        mask: which places are no padding, bool, shape (reviews, maxlen); None to read all.
    """

    places: tf.Tensor
    vectors: tf.Tensor
    ratios: tf.Tensor
    mask: tf.Tensor | None


class Embedding(keras.layers.Embedding):  # type: ignore[misc]  # Keras comes without types
    """Keras's embedding, with one gradient a word of the batch, the sum of all its places.

    Keras 3 hands the optimizer a gradient for each place, and Adam squares each by itself, where
    its paper (Kingma and Ba, 2015, algorithm 1), and Keras in TensorFlow 2.0, square their sum.
    """

    def __init__(
        self,
        num_words: int,
        embedding_dim: int,
        *,
        dropout: float = 0,
        word_dropout: float = 0,
        masked: bool = False,
    ) -> None:
        """Choose what is dropped in training.

        Args:
            num_words: ids are below this number.
            embedding_dim: numbers a vector.
            dropout: fraction of the numbers of each word's vector, the same wherever the word
                stands in a batch (Gal and Ghahramani, "A Theoretically Grounded Application of
                Dropout in Recurrent Neural Networks", 2016, section 4.2, for single numbers).
            word_dropout: fraction of places whose word becomes out of vocabulary (Iyyer et al.,
                "Deep Unordered Composition Rivals Syntactic Methods", 2015, section 3.1).
            masked: whether padding is left out.
        """
        super().__init__(num_words, embedding_dim, mask_zero=masked)
        self._dropout = keras.layers.Dropout(dropout) if dropout else None
        self._word_dropout = word_dropout
        if word_dropout:
            self.seed_generator = keras.random.SeedGenerator()

    def look_up(self, inputs: Any, *, training: bool | None = None) -> Words:
        """Return what is known of ids, int32, shape (reviews, maxlen)."""
        ids, ratios = self._parts(inputs)
        mask = tf.not_equal(ids, PADDING) if self.mask_zero else None
        if training and self._word_dropout:
            drawn = keras.random.uniform(tf.shape(ids), seed=self.seed_generator)
            ids = tf.where(drawn < self._word_dropout, OUT_OF_VOCABULARY, ids)
        distinct, places = tf.unique(tf.reshape(ids, [-1]))
        vectors = tf.gather(tf.convert_to_tensor(self.embeddings), distinct)
        if self._dropout:
            vectors = self._dropout(vectors, training=training)
        return Words(tf.reshape(places, tf.shape(ids)), vectors, ratios, mask)

    def call(self, inputs: Any, training: bool | None = None) -> tf.Tensor:  # noqa: FBT001
        """Return the vectors of ids, and their ratios, float32, shape (*ids, numbers)."""
        words = self.look_up(inputs, training=training)
        found = tf.concat([tf.gather(words.vectors, words.places), words.ratios], axis=-1)
        return tf.ensure_shape(found, self.compute_output_shape((None, *words.places.shape[1:])))

    def _parts(self, inputs: Any) -> tuple[tf.Tensor, tf.Tensor]:
        return inputs, tf.zeros([*tf.unstack(tf.shape(inputs)), 0])


class NgramEmbedding(Embedding):
    """An embedding that tells of each place the log-count ratios of the n-grams that end there.

    It takes ids, or ids and ratios, where those of the table must not be used: in training, they
    would tell a review's own label.
    """

    def __init__(
        self, num_words: int, embedding_dim: int, *, longest: int, ngrams: int, **options: Any
    ) -> None:
        """Make room for a table of so many n-grams, of up to `longest` words (see `ngrams`)."""
        super().__init__(num_words, embedding_dim, **options)
        self.table = NgramTable(num_words, longest, ngrams)
        self._longest = longest

    def compute_mask(self, inputs: Any, mask: Any = None) -> tf.Tensor | None:
        """Return which places are no padding, where that is left out."""
        ids = inputs[0] if isinstance(inputs, tuple | list) else inputs
        return super().compute_mask(ids, mask)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of vectors and ratios, side by side."""
        return (*input_shape, self.output_dim + self._longest)

    def _parts(self, inputs: Any) -> tuple[tf.Tensor, tf.Tensor]:
        if isinstance(inputs, tuple | list):
            ids, ratios = inputs
            return ids, ratios
        return inputs, self.table(inputs)


class NgramTable(keras.layers.Layer):  # type: ignore[misc]  # Keras comes without types
    """The ratios of n-grams by their codes, see `ngrams.RatioTable`."""

    def __init__(self, num_words: int, longest: int, ngrams: int) -> None:
        """Make room for so many n-grams of up to `longest` ids below `num_words`."""
        super().__init__(trainable=False)
        self._num_words = num_words
        self._longest = longest
        self.codes = self.add_weight(
            name="codes", shape=(ngrams,), dtype="int64", initializer="zeros"
        )
        self.ratios = self.add_weight(name="ratios", shape=(ngrams,), initializer="zeros")

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        """Return the ratios at each place of ids, shape (*ids, longest), 0 of unknown n-grams."""
        words = tf.where(ids != PADDING)
        table, codes = tf.convert_to_tensor(self.codes), self._codes(ids, words)
        places = tf.minimum(tf.searchsorted(table, codes), tf.size(table) - 1)
        is_known = tf.gather(table, places) == codes
        ratios = tf.where(is_known, tf.gather(tf.convert_to_tensor(self.ratios), places), 0.0)
        shape = [*tf.unstack(tf.shape(ids, tf.int64)), self._longest]
        return tf.scatter_nd(words, tf.reshape(ratios, [-1, self._longest]), shape)

    def _codes(self, ids: tf.Tensor, words: tf.Tensor) -> tf.Tensor:
        """Return what `ngrams.codes` does, in one row."""
        ids = tf.cast(ids, tf.int64)
        code = tf.zeros_like(ids)
        codes = []
        for before in range(self._longest):
            earliest = tf.pad(ids, [[0, 0], [before, 0]])[:, : tf.shape(ids)[1]]
            code += earliest * self._num_words**before
            codes.append(tf.where(earliest == PADDING, tf.constant(NO_NGRAM, tf.int64), code))
        return tf.reshape(tf.gather_nd(tf.stack(codes, axis=-1), words), [-1])


class PooledBidirectional(keras.layers.Bidirectional):  # type: ignore[misc]
    """A bidirectional layer that gives out the maximum and the mean of each unit over the words.

    The last state, which Howard and Ruder ("Universal Language Model Fine-tuning for Text
    Classification", 2018, section 3.3) put beside both, is left out; beside them stand the sums of
    the ratios, which lead from the n-grams to the output.
    """

    def __init__(self, layer: keras.layers.RNN, embedding_dim: int, **options: Any) -> None:
        """Wrap a recurrent layer that returns sequences, of inputs with so many vector numbers."""
        super().__init__(layer, **options)
        self._embedding_dim = embedding_dim

    def call(
        self,
        sequences: tf.Tensor,
        initial_state: Any = None,
        mask: tf.Tensor | None = None,
        training: bool | None = None,  # noqa: FBT001  # as Keras calls it
    ) -> tf.Tensor:
        """Return pooled states and sums, float32, shape (reviews, numbers)."""
        states = super().call(sequences, initial_state, mask=mask, training=training)
        read = (
            tf.ones_like(states[..., :1]) if mask is None else tf.cast(mask[..., None], tf.float32)
        )
        pools = []
        for direction_states in tf.split(states, DIRECTIONS, axis=-1):
            pools.append(tf.reduce_max(direction_states - (1 - read) * BEYOND_ANY_STATE, axis=1))
            pools.append(
                tf.reduce_sum(direction_states * read, axis=1) / tf.reduce_sum(read, axis=1)
            )
        return self.beside_evidence(
            tf.concat(pools, axis=-1), sequences[..., self._embedding_dim :]
        )

    def beside_evidence(self, pools: tf.Tensor, ratios: tf.Tensor) -> tf.Tensor:
        """Return pooled states, and beside them the sums of the ratios over a review."""
        return tf.concat([pools, EVIDENCE_SCALE * tf.reduce_sum(ratios, axis=1)], axis=-1)

    def compute_output_shape(
        self, sequences_shape: tuple[int | None, ...]
    ) -> tuple[int | None, int]:
        """Return the shape of what `call` returns."""
        states = DIRECTIONS * POOLS * self.forward_layer.units
        return sequences_shape[0], states + sequences_shape[-1] - self._embedding_dim

    def compute_mask(self, *_: Any) -> None:
        """Tell that nothing of a pooled review is padding."""


class StateDropout(keras.layers.Dropout):  # type: ignore[misc]  # Keras comes without types
    """Keras's dropout, but for the last inputs, the sums of ratios."""

    def __init__(self, rate: float, kept: int) -> None:
        """Keep so many inputs."""
        super().__init__(rate)
        self._kept = kept

    def call(self, inputs: tf.Tensor, training: bool | None = False) -> tf.Tensor:  # noqa: FBT001, FBT002  # as Keras calls it
        """Return the inputs, some of them 0 in training."""
        states, evidence = inputs[:, : -self._kept], inputs[:, -self._kept :]
        return tf.concat([super().call(states, training=training), evidence], axis=-1)
