"""Embedding layers: the vector of each word, next to further numbers for it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from birnn.networks.inputs.word_inputs import WordInput
from birnn.networks.kernel.matrix_product import matrix_product
from birnn.reviews.sequences import OUT_OF_VOCABULARY, PADDING


class Words(NamedTuple):
    """A batch of reviews, with one vector for all occurrences of a word."""

    indices: tf.Tensor  # rows of `vectors`, int32, shape (reviews, maxlen)
    vectors: tf.Tensor  # one vector per distinct word, float32, shape (vectors, embedding_dim)
    # Numbers of further inputs that are used as they are, float32, shape (reviews, maxlen, width).
    fixed: tf.Tensor
    # Numbers of further inputs after a learned linear map, float32, shape (reviews, maxlen, width).
    learned: tf.Tensor
    # False for padding, bool, shape (reviews, maxlen); None to treat padding as a word.
    mask: tf.Tensor | None


class WordNumbers(keras.layers.Layer):  # type: ignore[misc]  # Keras comes without types
    """The numbers of a `WordInput`, perhaps shortened by a learned linear map."""

    def __init__(self, source: WordInput) -> None:
        """Create a layer with zeros in the place of the arrays of `source`."""
        super().__init__(name=source.name)
        self.supports_jit = False  # XLA cannot call NumPy
        self._source = source
        self.arrays = [
            self.add_weight(array.shape, "zeros", array.dtype.name, trainable=False, name=name)
            for name, array in source.arrays.items()
        ]
        self.is_learned = source.learned_width > 0
        self.width = source.learned_width or source.width
        if self.is_learned:
            shape = (source.width, source.learned_width)
            self.projection = self.add_weight(shape, "glorot_uniform", name="projection")

    def call(self, ids: tf.Tensor, given: tf.Tensor | None = None) -> tf.Tensor:
        """Return the numbers of each word, float32, shape (*ids, width), 0 at padding.

        They are computed, unless the numbers of the source are `given`, shape (*ids, width).
        """
        places = tf.where(tf.not_equal(ids, PADDING))
        if given is None:
            tensors = [ids, *map(tf.convert_to_tensor, self.arrays)]
            numbers = tf.numpy_function(self._source.compute, tensors, tf.float32, stateful=False)
            numbers = tf.ensure_shape(numbers, (None, self._source.width))
        else:
            numbers = tf.gather_nd(given, places)
        if self.is_learned:
            numbers = matrix_product(numbers, tf.convert_to_tensor(self.projection))
        shape = tf.concat([tf.shape(ids, tf.int64), [self.width]], axis=0)
        return tf.ensure_shape(tf.scatter_nd(places, numbers, shape), (*ids.shape, self.width))


class Embedding(keras.layers.Embedding):  # type: ignore[misc]  # Keras comes without types
    """Keras's embedding, with one gradient per distinct word of a batch: the sum over positions.

    Keras 3 passes the optimizer a gradient for every position, and Adam squares each of them. The
    Adam paper (Kingma and Ba, 2015, algorithm 1) and Keras in TensorFlow 2.0 square their sum.

    The vector of each word is followed by the numbers of further inputs. The layer's input is ids,
    or a dictionary: `ids`, and the numbers of an input by its name, if they are not to be computed.
    """

    def __init__(  # noqa: PLR0913  # one parameter per option
        self,
        num_words: int,
        embedding_dim: int,
        *,
        dropout: float = 0,
        word_dropout: float = 0,
        masked: bool = False,
        further: Sequence[WordNumbers] = (),
    ) -> None:
        """Create an embedding.

        Args:
            num_words: upper bound of the ids, exclusive.
            embedding_dim: length of a word vector.
            dropout: fraction of the elements of each word vector that is dropped in training, the
                same for all occurrences of the word in a batch (Gal and Ghahramani, "A
                Theoretically Grounded Application of Dropout in Recurrent Neural Networks", 2016,
                section 4.2, but for elements instead of whole vectors).
            word_dropout: fraction of words that are replaced by out-of-vocabulary in training,
                but keep their further numbers (Iyyer et al., "Deep Unordered Composition Rivals
                Syntactic Methods", 2015, section 3.1).
            masked: True to mask padding.
            further: the layers of further inputs.
        """
        super().__init__(num_words, embedding_dim, mask_zero=masked)
        self._dropout = keras.layers.Dropout(dropout) if dropout else None
        self._word_dropout = word_dropout
        self.further = [*further]
        if word_dropout:
            self.seed_generator = keras.random.SeedGenerator()

    @property
    def fixed_variables(self) -> list[keras.Variable]:
        """The variables that training does not change."""
        return [array for layer in self.further for array in layer.arrays]

    @property
    def fixed_width(self) -> int:
        """The further numbers of a word that are used as they are."""
        return sum(layer.width for layer in self.further if not layer.is_learned)

    def look_up(self, inputs: Any, *, training: bool | None = None) -> Words:
        """Look up ids, int32, shape (reviews, maxlen), or a dictionary with them."""
        given = inputs if isinstance(inputs, dict) else {"ids": inputs}
        ids = given["ids"]
        numbers = {layer: layer(ids, given.get(layer.name)) for layer in self.further}
        nothing = tf.zeros([*tf.unstack(tf.shape(ids)), 0])
        fixed, learned = (
            tf.concat([nothing, *(numbers[x] for x in numbers if x.is_learned == kind)], axis=-1)
            for kind in (False, True)
        )
        mask = tf.not_equal(ids, PADDING) if self.mask_zero else None
        if training and self._word_dropout:
            drawn = keras.random.uniform(tf.shape(ids), seed=self.seed_generator)
            ids = tf.where(drawn < self._word_dropout, OUT_OF_VOCABULARY, ids)
        distinct, indices = tf.unique(tf.reshape(ids, [-1]))
        vectors = tf.gather(tf.convert_to_tensor(self.embeddings), distinct)
        if self._dropout:
            vectors = self._dropout(vectors, training=training)
        return Words(tf.reshape(indices, tf.shape(ids)), vectors, fixed, learned, mask)

    def call(self, inputs: Any, training: bool | None = None) -> tf.Tensor:  # noqa: FBT001
        """Return what `concatenate` does for ids, as Keras's own layers call it."""
        return self.concatenate(self.look_up(inputs, training=training))

    def concatenate(self, words: Words) -> tf.Tensor:
        """Return each word's vector and further numbers, shape (*indices, features)."""
        vectors = tf.gather(words.vectors, words.indices)
        vectors = tf.concat([vectors, words.fixed, words.learned], axis=-1)
        return tf.ensure_shape(vectors, self.compute_output_shape((None, *words.indices.shape[1:])))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of what `concatenate` returns."""
        return (*input_shape, self.output_dim + sum(layer.width for layer in self.further))
