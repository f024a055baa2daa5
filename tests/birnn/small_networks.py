"""Networks of the registry, built and loaded by their configuration."""

from pathlib import Path

import keras

from birnn.networks.config import NetworkConfig
from birnn.networks.network import build_network, load_network, read_config
from birnn.networks.registry import NETWORKS

LAYERS = {"bilstm": keras.layers.LSTM, "bigru": keras.layers.GRU}


def build(config: NetworkConfig) -> keras.Sequential:
    return build_network(NETWORKS[config.name], config)


def load(folder: Path) -> keras.Model:
    return load_network(NETWORKS[read_config(folder).name], folder)
