"""Embedding layers: words as vectors, next to ratios of n-grams and embeddings of regions."""

from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from birnn.networks.inputs.ngrams import find
from birnn.networks.inputs.regions import LONGEST, SIZE, Table
from birnn.networks.kernel.matrix_product import matrix_product, run_parallel
from birnn.reviews.sequences import OUT_OF_VOCABULARY, PADDING

PROJECTED = 64  # numbers to which a linear map shortens the embedding of a region


class Words(NamedTuple):
    """A batch of reviews, with one vector for all occurrences of a word."""

    indices: tf.Tensor  # rows of `vectors`, int32, shape (reviews, maxlen)
    vectors: tf.Tensor  # one vector per distinct word, float32, shape (vectors, embedding_dim)
    # Ratios of the n-grams that end at each position, float32, shape (reviews, maxlen, longest
    # n-gram).
    ratios: tf.Tensor
    # Shortened embeddings of the region around each position, float32, shape (reviews, maxlen,
    # numbers).
    regions: tf.Tensor
    # False for padding, bool, shape (reviews, maxlen); None to treat padding as a word.
    mask: tf.Tensor | None


class Embedding(keras.layers.Embedding):  # type: ignore[misc]  # Keras comes without types
    """Keras's embedding, with one gradient per distinct word of a batch: the sum over positions.

    Keras 3 passes the optimizer a gradient for every position, and Adam squares each of them. The
    Adam paper (Kingma and Ba, 2015, algorithm 1) and Keras in TensorFlow 2.0 square their sum.

    The vector of each word is followed by the ratios of a table of n-grams, and by the embedding of
    the region around the word, which a linear map makes shorter. The input is either
    ids, or a pair of ids and ratios: training passes cross-fitted ratios, because the ratios of the
    table would leak a review's own label.
    """

    def __init__(  # noqa: PLR0913  # one parameter per option
        self,
        num_words: int,
        embedding_dim: int,
        *,
        dropout: float = 0,
        word_dropout: float = 0,
        masked: bool = False,
        table: "NgramTable | None" = None,
        regions: "RegionEmbedding | None" = None,
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
                but keep their ratios and regions (Iyyer et al., "Deep Unordered Composition Rivals
                Syntactic Methods", 2015, section 3.1).
            masked: True to mask padding.
            table: ratios of n-grams.
            regions: embeddings of regions.
        """
        super().__init__(num_words, embedding_dim, mask_zero=masked)
        self._dropout = keras.layers.Dropout(dropout) if dropout else None
        self._word_dropout = word_dropout
        self.table = table
        self.regions = regions
        if word_dropout:
            self.seed_generator = keras.random.SeedGenerator()

    @property
    def fixed_variables(self) -> list[keras.Variable]:
        """The variables that training does not change: n-gram ratios and vectors of regions."""
        regions = chain.from_iterable(self.regions.tables) if self.regions else ()
        return [*(self.table.variables if self.table else ()), *regions]

    def look_up(self, inputs: Any, *, training: bool | None = None) -> Words:
        """Look up ids, int32, shape (reviews, maxlen), or a pair of ids and ratios."""
        ids, ratios = self._ids_and_ratios(inputs)
        regions = self.regions(ids) if self.regions else ratios[..., :0]  # no numbers
        mask = tf.not_equal(ids, PADDING) if self.mask_zero else None
        if training and self._word_dropout:
            drawn = keras.random.uniform(tf.shape(ids), seed=self.seed_generator)
            ids = tf.where(drawn < self._word_dropout, OUT_OF_VOCABULARY, ids)
        distinct, indices = tf.unique(tf.reshape(ids, [-1]))
        vectors = tf.gather(tf.convert_to_tensor(self.embeddings), distinct)
        if self._dropout:
            vectors = self._dropout(vectors, training=training)
        return Words(tf.reshape(indices, tf.shape(ids)), vectors, ratios, regions, mask)

    def call(self, inputs: Any, training: bool | None = None) -> tf.Tensor:  # noqa: FBT001
        """Return what `concatenate` does for ids."""
        return self.concatenate(self.look_up(inputs, training=training))

    def concatenate(self, words: Words) -> tf.Tensor:
        """Return each word's vector, ratios and shortened region, shape (*indices, features)."""
        vectors = tf.gather(words.vectors, words.indices)
        vectors = tf.concat([vectors, words.ratios, words.regions], axis=-1)
        return tf.ensure_shape(vectors, self.compute_output_shape((None, *words.indices.shape[1:])))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of what `concatenate` returns."""
        ratios = self.table.longest if self.table else 0
        regions = PROJECTED if self.regions else 0
        return (*input_shape, self.output_dim + ratios + regions)

    def _ids_and_ratios(self, inputs: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """Return ids and the ratios of n-grams, shape (*ids, longest), or (*ids, 0) without."""
        if isinstance(inputs, tuple | list):
            ids, ratios = inputs
            return ids, ratios
        if self.table:
            return inputs, self.table(inputs)
        return inputs, tf.zeros([*tf.unstack(tf.shape(inputs)), 0])


class NgramTable(keras.layers.Layer):  # type: ignore[misc]  # Keras comes without types
    """The n-gram ratios of `ngrams.RatioTable`, as a layer."""

    def __init__(self, num_words: int, longest: int, ngrams: int) -> None:
        """Create a table of zeros for `ngrams` n-grams of up to `longest` ids below `num_words`."""
        super().__init__(trainable=False)
        self.supports_jit = False  # XLA cannot call NumPy
        self.longest = longest
        self._num_words = num_words
        self.codes = self.add_weight(
            name="codes", shape=(ngrams,), dtype="int64", initializer="zeros"
        )
        self.ratios = self.add_weight(name="ratios", shape=(ngrams,), initializer="zeros")

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        """Return the ratios per position, shape (*ids, longest), 0 for unknown n-grams."""
        tensors = [ids, *(tf.convert_to_tensor(each) for each in (self.codes, self.ratios))]
        ratios = tf.numpy_function(self._look_up, tensors, tf.float32, stateful=False)
        return tf.ensure_shape(ratios, (*ids.shape, self.longest))

    def _look_up(
        self, ids: NDArray[np.int32], codes: NDArray[np.int64], ratios: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        rows = find(codes, ids, self.longest, self._num_words)
        result = np.zeros((*ids.shape, self.longest), np.float32)
        result[ids != PADDING] = np.where(rows < 0, 0, ratios[rows])
        return result


class RegionEmbedding(keras.layers.Layer):  # type: ignore[misc]  # Keras comes without types
    """Embeddings of regions, from the tables of `inputs.regions`, and a linear map for them."""

    def __init__(self, num_words: int, sizes: Sequence[int]) -> None:
        """Create tables of `sizes` n-grams of ids below `num_words`, filled with zeros."""
        super().__init__()
        self.supports_jit = False  # XLA cannot call NumPy
        self._num_words = num_words
        self.tables = [
            (
                self.add_weight(
                    (size,), "zeros", "int64", trainable=False, name=f"codes_{longest}"
                ),
                self.add_weight((size, SIZE), "zeros", trainable=False, name=f"vectors_{longest}"),
            )
            for longest, size in zip(LONGEST, sizes, strict=True)
        ]
        shape = (SIZE * len(sizes), PROJECTED)
        self.projection = self.add_weight(shape, "glorot_uniform", name="projection")

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        """Return the shortened region around each word, float32, shape (*ids, PROJECTED).

        It is 0 at padding.
        """
        tensors = [tf.convert_to_tensor(weight) for pair in self.tables for weight in pair]
        embedded = tf.numpy_function(self._embed, [ids, *tensors], tf.float32, stateful=False)
        embedded = tf.ensure_shape(embedded, (None, self.projection.shape[0]))
        shortened = matrix_product(embedded, tf.convert_to_tensor(self.projection))
        shape = tf.concat([tf.shape(ids, tf.int64), [PROJECTED]], axis=0)
        return tf.scatter_nd(tf.where(tf.not_equal(ids, PADDING)), shortened, shape)

    def _embed(self, ids: NDArray[np.int32], *tensors: NDArray[Any]) -> NDArray[np.float32]:
        pairs = zip(LONGEST, tensors[::2], tensors[1::2], strict=True)
        tables = [Table(longest, self._num_words, *pair) for longest, *pair in pairs]
        return np.concatenate(run_parallel(partial(table.embed, ids) for table in tables), axis=-1)
