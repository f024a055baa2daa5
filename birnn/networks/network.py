"""The two networks: one bidirectional recurrent layer between an embedding and a sigmoid."""

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from birnn.core.outputs import read_json, write_json
from birnn.core.settings import Kernel, Pooling, Settings
from birnn.evaluation.costs import Layer
from birnn.networks.fused import FusedNetwork
from birnn.networks.layers import (
    DIRECTIONS,
    POOLS,
    Embedding,
    NgramEmbedding,
    PooledBidirectional,
    StateDropout,
)
from birnn.text import ngrams
from birnn.text.encoding import PADDING

BATCH = 2_000  # reviews to predict at a time
HDF5_OVERHEAD = 100_000  # bytes

LAYERS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


class Network(BaseModel):
    """What a network is, apart from its weights.

    Attributes:
        layer: the recurrent layer.
        num_words: ids are below this number.
        maxlen: ids a review.
        embedding_dim: numbers a word vector.
        units: of the recurrent layer, a direction.
        dropout: fraction of the recurrent layer's output that is dropped in training.
        kernel: how the recurrent layer is computed.
        pooling: what is read of its states: the last ones, or the maximum and the mean over words.
        embedding_dropout: fraction of the numbers of word vectors that is dropped in training.
        word_dropout: fraction of words that are out of vocabulary in training.
        longest_ngram: words of the longest n-gram whose ratio is read; 0 reads none.
        ngrams: number of n-grams in the table of ratios.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    layer: Layer
    num_words: int
    maxlen: int
    embedding_dim: int
    units: int
    dropout: float
    kernel: Kernel
    pooling: Pooling = "last"
    embedding_dropout: float = 0
    word_dropout: float = 0
    longest_ngram: int = 0
    ngrams: int = 0

    @classmethod
    def of_settings(cls, layer: Layer, units: int, settings: Settings) -> "Network":
        """Return the network that the settings ask for, its table of n-grams not yet known."""
        shape = settings.network
        return cls(
            layer=layer,
            num_words=settings.pad.num_words,
            maxlen=settings.pad.maxlen,
            embedding_dim=shape.embedding_dim,
            units=units,
            dropout=shape.dropout,
            kernel=shape.kernel,
            pooling=shape.pooling,
            embedding_dropout=shape.embedding_dropout,
            word_dropout=shape.word_dropout,
            longest_ngram=settings.ngrams.longest,
        )

    @property
    def inputs(self) -> int:
        """The numbers that the recurrent layer reads of a word."""
        return self.embedding_dim + self.longest_ngram

    @property
    def outputs(self) -> int:
        """The numbers that the output reads of a review."""
        states = DIRECTIONS * self.units
        return states if self.pooling == "last" else POOLS * states + self.longest_ngram

    def words_read(self, sequences: NDArray[np.int32]) -> int:
        """Return the words of a padded review that are read, on average."""
        if self.pooling == "last":
            return self.maxlen
        return round(np.count_nonzero(sequences != PADDING) / len(sequences))


class LayeredNetwork(keras.Sequential):  # type: ignore[misc]  # Keras comes without types
    """Keras's layers one after the other; the first may take ratios of n-grams beside the ids."""

    def call(
        self,
        inputs: Any,
        training: bool | None = None,  # noqa: FBT001  # as Keras calls it
        mask: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Return the probabilities, shape (reviews, 1), of ids, shape (reviews, maxlen)."""
        embedding, bidirectional, dropout, output = self.layers
        mask = embedding.compute_mask(inputs)
        found = bidirectional(embedding(inputs, training=training), mask=mask, training=training)
        return output(dropout(found, training=training))


def build(network: Network) -> keras.Sequential:
    """Return the network with new random weights.

    It takes ids, int32, shape (reviews, maxlen), and gives the probability that a review is
    positive, float32, shape (reviews, 1). A network that reads n-grams takes ids, or a pair of ids
    and ratios, float32, shape (reviews, maxlen, longest_ngram). Weights fit Keras's own layers, and
    cuDNN can serve those.
    """
    pooled = network.pooling == "max_mean"
    # First, since Keras draws the seeds of the layers in the order in which they are made.
    recurrent = LAYERS[network.layer](network.units, return_sequences=pooled)
    fused = network.kernel == "fused" or (network.kernel == "auto" and not accelerators())
    kind = FusedNetwork if fused else LayeredNetwork
    model = kind(
        [
            keras.Input((network.maxlen,), dtype="int32"),
            _embedding(network),
            PooledBidirectional(recurrent, network.embedding_dim)
            if pooled
            else keras.layers.Bidirectional(recurrent),
            StateDropout(network.dropout, kept=network.longest_ngram)
            if pooled and network.longest_ngram
            else keras.layers.Dropout(network.dropout),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=f"bi{network.layer}",
    )
    model.autocast = False  # ratios would become of the type of ids
    return model


def _embedding(network: Network) -> Embedding:
    options: dict[str, Any] = {
        "dropout": network.embedding_dropout,
        "word_dropout": network.word_dropout,
        "masked": network.pooling == "max_mean",
    }
    if network.longest_ngram:
        options |= {"longest": network.longest_ngram, "ngrams": network.ngrams}
        return NgramEmbedding(network.num_words, network.embedding_dim, **options)
    return Embedding(network.num_words, network.embedding_dim, **options)


def begin_with(
    model: keras.Sequential, vectors: NDArray[np.float32], table: ngrams.Table | None
) -> None:
    """Give a network word vectors, if there are any and but for those that are 0, and a table."""
    embedding = model.layers[0]
    if len(vectors):
        known = vectors.any(axis=1, keepdims=True)
        embedding.embeddings.assign(np.where(known, vectors, embedding.embeddings.numpy()))
    if table:
        embedding.table.codes.assign(table.codes)
        embedding.table.ratios.assign(table.ratios)


def parameters(model: keras.Model) -> int:
    """Return how many numbers were learnt; the codes of n-grams are none."""
    return sum(math.prod(weight.shape) for weight in model.weights if weight.dtype == "float32")


def accelerators() -> list[str]:
    """Return the names of the GPUs that TensorFlow sees."""
    gpus = tf.config.list_physical_devices("GPU")
    return [tf.config.experimental.get_device_details(gpu)["device_name"] for gpu in gpus]


def save(network: Network, model: keras.Model, folder: Path) -> None:
    """Write `network.json` and `model.weights.h5`; equal weights give equal bytes."""
    write_json(folder / "network.json", network.model_dump(exclude_defaults=True))
    file = folder / "model.weights.h5"
    # Where a disk is full, HDF5 crashes; so see first whether there is room.
    variables = [*model.variables, *(model.optimizer.variables if model.compiled else [])]
    numbers = sum(math.prod(variable.shape) for variable in variables)
    file.write_bytes(bytes(numbers * 4 + HDF5_OVERHEAD))
    model.save_weights(file)


def load(folder: Path) -> keras.Model:
    """Return the network that `save` wrote, with its weights."""
    model = build(Network.model_validate(read_json(folder / "network.json")))
    model.load_weights(folder / "model.weights.h5")
    return model
