"""The two networks: one bidirectional recurrent layer between an embedding and a sigmoid."""

import math
from pathlib import Path
from typing import Literal

import keras
import tensorflow as tf
from pydantic import BaseModel, ConfigDict

from birnn.files import read_json, write_json
from birnn.fused import FusedNetwork
from birnn.settings import Kernel

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
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    layer: Literal["lstm", "gru"]
    num_words: int
    maxlen: int
    embedding_dim: int
    units: int
    dropout: float
    kernel: Kernel


class Embedding(keras.layers.Embedding):  # type: ignore[misc]  # Keras comes without types
    """Keras's embedding, with one gradient a word of the batch, the sum of all its places.

    Keras 3 hands the optimizer a gradient for each place, and Adam squares each by itself, where
    its paper (Kingma and Ba, 2015, algorithm 1), and Keras in TensorFlow 2.0, square their sum.
    """

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        """Return the vectors of ids, float32, shape (*ids, embedding_dim)."""
        distinct, places = tf.unique(tf.reshape(ids, [-1]))
        vectors = tf.gather(super().call(distinct), tf.reshape(places, tf.shape(ids)))
        return tf.ensure_shape(vectors, (*ids.shape, self.output_dim))


def build(network: Network) -> keras.Sequential:
    """Return the network with new random weights.

    It takes ids, int32, shape (reviews, maxlen), and gives the probability that a review is
    positive, float32, shape (reviews, 1). Its weights fit Keras's own layers, and cuDNN can serve
    those.
    """
    recurrent = LAYERS[network.layer](network.units)
    fused = network.kernel == "fused" or (network.kernel == "auto" and not accelerators())
    kind = FusedNetwork if fused else keras.Sequential
    return kind(
        [
            keras.Input((network.maxlen,), dtype="int32"),
            Embedding(network.num_words, network.embedding_dim),
            keras.layers.Bidirectional(recurrent),
            keras.layers.Dropout(network.dropout),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name=f"bi{network.layer}",
    )


def accelerators() -> list[str]:
    """Return the names of the GPUs that TensorFlow sees."""
    gpus = tf.config.list_physical_devices("GPU")
    return [tf.config.experimental.get_device_details(gpu)["device_name"] for gpu in gpus]


def save(network: Network, model: keras.Model, folder: Path) -> None:
    """Write `network.json` and `model.weights.h5`; equal weights give equal bytes."""
    write_json(folder / "network.json", network.model_dump())
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
