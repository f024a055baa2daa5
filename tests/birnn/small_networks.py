"""Networks of the registry, built and loaded by their configuration."""

from pathlib import Path
from typing import Any

import numpy as np

from birnn.architectures.registry import NETWORKS
from birnn.core.libraries import tensorflow_imports
from birnn.networks.definition import NetworkConfig
from birnn.networks.network import build_network, load_network, read_config

with tensorflow_imports():
    import keras

LAYERS = {"bilstm": keras.layers.LSTM, "bigru": keras.layers.GRU}


def config(name: Any = "bigru", **changes: Any) -> NetworkConfig:
    """Return the configuration of a small network, unless its shape is changed."""
    settings = NETWORKS[name].settings.model_fields if name in NETWORKS else ()
    shape: dict[str, Any] = {
        "num_words": 30,
        "maxlen": 7,
        "embedding_dim": 4,
        "settings": dict.fromkeys(settings, 3),
        "dropout": 0.5,
        "kernel": "auto",
    }
    return NetworkConfig(name=name, **(shape | changes))


def build(config: NetworkConfig) -> keras.Sequential:
    return build_network(NETWORKS[config.name], config)


def load(folder: Path) -> keras.Model:
    return load_network(NETWORKS[read_config(folder).name], folder)


def build_keras_network(config: NetworkConfig) -> keras.Sequential:
    """Return a network of plain Keras layers with the same shape."""
    recurrent = LAYERS[config.name](config.settings["units"])
    return keras.Sequential(
        [
            keras.Input((config.maxlen,), dtype="int32"),
            keras.layers.Embedding(config.num_words, config.embedding_dim),
            keras.layers.Bidirectional(recurrent),
            keras.layers.Dropout(config.dropout),
            keras.layers.Dense(1),
        ]
    )


def set_large_weights(*models: keras.Sequential) -> None:
    """Set equal weights that are large enough to saturate gates; no bias is zero."""
    rng = np.random.default_rng(0)
    shapes = [variable.shape for variable in models[0].trainable_variables]
    weights = [rng.normal(0, 0.7, shape) for shape in shapes]
    for model in models:
        for variable, weight in zip(model.trainable_variables, weights, strict=True):
            variable.assign(weight)
