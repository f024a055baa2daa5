"""The two networks: one bidirectional recurrent layer between an embedding and a sigmoid."""

from pathlib import Path
from typing import Literal

import keras
import tensorflow as tf
from pydantic import BaseModel, ConfigDict

from birnn.files import read_json, write_json

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
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    layer: Literal["lstm", "gru"]
    num_words: int
    maxlen: int
    embedding_dim: int
    units: int
    dropout: float


def build(network: Network) -> keras.Sequential:
    """Return the network with new random weights.

    It takes ids, int32, shape (reviews, maxlen), and gives the probability that a review is
    positive, float32, shape (reviews, 1). cuDNN can serve its recurrent layers.
    """
    recurrent = LAYERS[network.layer](network.units)
    return keras.Sequential(
        [
            keras.Input((network.maxlen,), dtype="int32"),
            keras.layers.Embedding(network.num_words, network.embedding_dim),
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
    model.save_weights(folder / "model.weights.h5")


def load(folder: Path) -> keras.Model:
    """Return the network that `save` wrote, with its weights."""
    model = build(Network.model_validate(read_json(folder / "network.json")))
    model.load_weights(folder / "model.weights.h5")
    return model
