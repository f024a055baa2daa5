"""The Keras model of a network: an embedding, its layer, dropout and a linear output."""

import math
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from birnn.core.outputs import read_json, write_json
from birnn.networks.definition import Network, NetworkConfig
from birnn.networks.embeddings import Embedding, WordNumbers
from birnn.networks.fused_network import FusedNetwork, LayeredNetwork, find_cell
from birnn.networks.initializers import Orthogonal
from birnn.networks.inputs import word_inputs
from birnn.networks.inputs.word_inputs import WordInput
from birnn.networks.pooling import (
    Pooled,
    PooledBidirectional,
    Pooling,
    StateDropout,
    recurrent_layers,
)
from birnn.runtime.errors import InputError

HDF5_OVERHEAD = 100_000  # bytes
# Reviews at a time: numbers of 1,000 words may take megabytes before a linear map shortens them.
PREDICTED_AT_ONCE, PREDICTED_WITH_LEARNED_INPUTS = 2_000, 100


def build_network(network: Network, config: NetworkConfig) -> keras.Sequential:
    """Return a network with new random weights.

    It maps ids, int32, shape (reviews, maxlen), to the log-odds that a review is positive, float32,
    shape (reviews, 1). Unlike probabilities, they never round to 0 or 1. On a GPU, `auto` selects
    Keras's own layers, which have the same weights as the kernel.
    """
    # Create this layer first, because Keras draws the seeds of layers in order of creation.
    layer = network.build(network.settings.model_validate(config.settings))
    cell = find_cell(layer)
    if config.kernel == "fused" and cell is None:
        raise InputError(
            f"the kernel cannot run {network.name}, only an LSTM or a GRU with Keras's default "
            "options: set network.kernel to auto or keras"
        )
    inputs = keras.Input((config.maxlen,), dtype="int32")
    embedding = _embedding(config)
    if isinstance(layer, keras.layers.RNN):
        layer = _in_directions(layer, config, embedding.fixed_width)
    if isinstance(layer, Pooling) and embedding.fixed_width:
        dropout = StateDropout(config.dropout, sums=embedding.fixed_width)
    else:
        dropout = keras.layers.Dropout(config.dropout)
    layers = [inputs, embedding, layer, dropout, keras.layers.Dense(1)]
    is_fused = config.kernel == "fused" or (config.kernel == "auto" and not accelerators())
    if is_fused and cell and recurrent_layers(layer):
        model = FusedNetwork(cell, layers, name=network.name)
    else:
        model = LayeredNetwork(layers, name=network.name)
    model.autocast = False  # would cast further numbers to the dtype of the ids
    return model


def _embedding(config: NetworkConfig) -> Embedding:
    further = [WordNumbers(source) for source in word_inputs.create_empty(config)]
    return Embedding(
        config.num_words,
        config.embedding_dim,
        dropout=config.embedding_dropout,
        word_dropout=config.word_dropout,
        masked=config.pooling == "max_mean",
        further=further,
    )


def _in_directions(
    layer: keras.layers.RNN, config: NetworkConfig, fixed_width: int
) -> keras.layers.Layer:
    """Return a layer that runs a recurrent one in the directions of the configuration."""
    layer.go_backwards = config.direction == "backward"
    if config.pooling == "max_mean":
        layer.return_sequences = True
        fixed = slice(config.embedding_dim, config.embedding_dim + fixed_width)
        if config.direction == "both":
            wrapper = PooledBidirectional(layer, fixed)
        else:
            wrapper = Pooled(None if config.direction == "none" else layer, fixed)
    else:
        wrapper = keras.layers.Bidirectional(layer) if config.direction == "both" else layer
    for recurrent in recurrent_layers(wrapper):
        initializer = getattr(recurrent.cell, "recurrent_initializer", None)
        if isinstance(initializer, keras.initializers.Orthogonal):
            recurrent.cell.recurrent_initializer = Orthogonal(initializer.gain, initializer.seed)
    return wrapper


def initialize(
    model: keras.Sequential, vectors: NDArray[np.float32], inputs: Sequence[WordInput]
) -> None:
    """Set the word vectors whose row is not zero, and the arrays of further inputs.

    Args:
        model: the network.
        vectors: float32, shape (ids, embedding_dim), by default of no ids. The vectors of later
            ids, and of ids whose row is zeros, stay random.
        inputs: the further inputs, in the order of `word_inputs`.
    """
    embedding = model.layers[0]
    known = np.flatnonzero(vectors.any(axis=1))
    initial = embedding.embeddings.numpy().copy()
    initial[known] = vectors[known]
    embedding.embeddings.assign(initial)
    for layer, source in zip(embedding.further, inputs, strict=True):
        for variable, array in zip(layer.arrays, source.arrays.values(), strict=True):
            variable.assign(array)


def predict(model: keras.Model, sequences: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return the log-odds that padded reviews are positive, float32, shape (reviews,).

    Args:
        model: the network.
        sequences: the reviews, int32, shape (reviews, maxlen).
    """
    step = batch_size(model)
    parts = [
        model.predict_on_batch(sequences[start : start + step])[:, 0]
        for start in range(0, len(sequences), step)
    ]
    return np.concatenate([np.empty(0, np.float32), *parts])


def batch_size(model: keras.Model) -> int:
    """Return how many reviews a network predicts at a time."""
    has_learned = any(layer.is_learned for layer in model.layers[0].further)
    return PREDICTED_WITH_LEARNED_INPUTS if has_learned else PREDICTED_AT_ONCE


def count_parameters(model: keras.Model) -> int:
    """Return the number of weights, including fixed tables."""
    return sum(math.prod(weight.shape) for weight in model.weights if weight.dtype == "float32")


def accelerators() -> list[str]:
    """Return the names of the GPUs that TensorFlow sees."""
    gpus = tf.config.list_physical_devices("GPU")
    return [tf.config.experimental.get_device_details(gpu)["device_name"] for gpu in gpus]


def save_network(config: NetworkConfig, model: keras.Model, folder: Path) -> None:
    """Write `network.json` and `model.weights.h5`; equal weights give equal bytes.

    The optimizer, whose state is twice as large, is removed from the model.
    """
    model.optimizer = None
    write_json(folder / "network.json", config.model_dump(exclude_defaults=True))
    file = folder / "model.weights.h5"
    # HDF5 crashes if the disk is full, so check first that there is enough space.
    size = sum(variable.numpy().nbytes for variable in model.variables)
    file.write_bytes(bytes(size + HDF5_OVERHEAD))
    model.save_weights(file)


def load_network(network: Network, folder: Path) -> keras.Model:
    """Return the network that `save_network` wrote."""
    model = build_network(network, read_config(folder))
    model.load_weights(folder / "model.weights.h5")
    return model


def read_config(folder: Path) -> NetworkConfig:
    """Return the configuration that `save_network` wrote."""
    return NetworkConfig.model_validate(read_json(folder / "network.json"))
