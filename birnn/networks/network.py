"""The two networks: an embedding, one bidirectional recurrent layer, dropout and a sigmoid."""

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from birnn.core.machine import BATCH_SIZE
from birnn.core.outputs import read_json, write_json
from birnn.networks.config import NetworkConfig
from birnn.networks.embeddings import Embedding, NgramEmbedding
from birnn.networks.fused import FusedNetwork
from birnn.networks.pooling import PooledBidirectional, StateDropout
from birnn.text.ngrams import RatioTable

HDF5_OVERHEAD = 100_000  # bytes

LAYERS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


class LayeredNetwork(keras.Sequential):  # type: ignore[misc]  # Keras comes without types
    """A sequence of Keras layers, the first of which can take n-gram ratios next to the ids."""

    def call(
        self,
        inputs: Any,
        training: bool | None = None,  # noqa: FBT001  # as Keras calls it
        mask: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Return probabilities, shape (reviews, 1), for ids, shape (reviews, maxlen)."""
        embedding, bidirectional, dropout, output = self.layers
        mask = embedding.compute_mask(inputs)
        states = bidirectional(embedding(inputs, training=training), mask=mask, training=training)
        return output(dropout(states, training=training))


def build_network(network: NetworkConfig) -> keras.Sequential:
    """Return a network with new random weights.

    It maps ids, int32, shape (reviews, maxlen), to the probability that a review is positive,
    float32, shape (reviews, 1). If it reads n-grams, its input can be a pair of ids and ratios,
    float32, shape (reviews, maxlen, longest_ngram). On a GPU, `auto` selects
    Keras's own layers, which have the same weights as the kernel.
    """
    pooled = network.pooling == "max_mean"
    # Create this layer first, because Keras draws the seeds of layers in order of creation.
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
            StateDropout(network.dropout, sums=network.longest_ngram)
            if pooled and network.longest_ngram
            else keras.layers.Dropout(network.dropout),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=f"bi{network.layer}",
    )
    model.autocast = False  # would cast ratios to the dtype of the ids
    return model


def _embedding(network: NetworkConfig) -> Embedding:
    options: dict[str, Any] = {
        "dropout": network.embedding_dropout,
        "word_dropout": network.word_dropout,
        "masked": network.pooling == "max_mean",
    }
    if network.longest_ngram:
        options |= {"longest": network.longest_ngram, "ngrams": network.ngrams}
        return NgramEmbedding(network.num_words, network.embedding_dim, **options)
    return Embedding(network.num_words, network.embedding_dim, **options)


def initialize(
    model: keras.Sequential, vectors: NDArray[np.float32], table: RatioTable | None
) -> None:
    """Set the word vectors, except for rows of zeros, and the table of n-gram ratios.

    Args:
        model: the network.
        vectors: float32, shape (num_words, embedding_dim); without rows, vectors stay random.
        table: None for a network that reads no n-grams.
    """
    embedding = model.layers[0]
    if len(vectors):
        known = vectors.any(axis=1, keepdims=True)
        embedding.embeddings.assign(np.where(known, vectors, embedding.embeddings.numpy()))
    if table:
        embedding.table.codes.assign(table.codes)
        embedding.table.ratios.assign(table.ratios)


def predict(model: keras.Model, sequences: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return the probabilities that padded reviews are positive, float32, shape (reviews,).

    Args:
        model: the network.
        sequences: the reviews, int32, shape (reviews, maxlen).
    """
    parts = [
        model.predict_on_batch(sequences[start : start + BATCH_SIZE])[:, 0]
        for start in range(0, len(sequences), BATCH_SIZE)
    ]
    return np.concatenate([np.empty(0, np.float32), *parts])


def count_parameters(model: keras.Model) -> int:
    """Return the number of learned weights (the codes of n-grams are not learned)."""
    return sum(math.prod(weight.shape) for weight in model.weights if weight.dtype == "float32")


def accelerators() -> list[str]:
    """Return the names of the GPUs that TensorFlow sees."""
    gpus = tf.config.list_physical_devices("GPU")
    return [tf.config.experimental.get_device_details(gpu)["device_name"] for gpu in gpus]


def save_network(network: NetworkConfig, model: keras.Model, folder: Path) -> None:
    """Write `network.json` and `model.weights.h5`; equal weights give equal bytes."""
    write_json(folder / "network.json", network.model_dump(exclude_defaults=True))
    file = folder / "model.weights.h5"
    # HDF5 crashes if the disk is full, so check first that there is enough space.
    variables = [*model.variables, *(model.optimizer.variables if model.compiled else [])]
    numbers = sum(math.prod(variable.shape) for variable in variables)
    file.write_bytes(bytes(numbers * 4 + HDF5_OVERHEAD))
    model.save_weights(file)


def load_network(folder: Path) -> keras.Model:
    """Return the network that `save_network` wrote."""
    model = build_network(NetworkConfig.model_validate(read_json(folder / "network.json")))
    model.load_weights(folder / "model.weights.h5")
    return model
