"""Costs of networks: they follow the formulas of the layers."""

from dataclasses import replace
from typing import Any

import keras
import pytest

from birnn.architectures.registry import NETWORKS
from birnn.evaluation.network_model import NetworkModel
from birnn.networks.definition import Network
from birnn.networks.network import build_network
from birnn.reviews.encoding import Encoding
from tests.birnn import small_networks

# Per direction: products of the input and the state with a matrix, and biases, per unit.
PRODUCTS = {"bilstm": 4, "bigru": 3}
BIASES = {"bilstm": 4, "bigru": 6}
ENCODING = Encoding([], 7, "pre", "pre", "keras", ("negative", "positive"))


def costs(network: Network, direction: str = "both", **settings: int) -> tuple[int, int | None]:
    """Return the recurrent parameters and the multiply-adds for a review of seven words."""
    shape = {"embedding_dim": 5, "direction": direction}
    shape |= {"pooling": "max_mean"} if direction == "none" else {}
    config = small_networks.config(network.name, settings=settings, **shape)
    cost = NetworkModel(ENCODING, build_network(network, config)).cost(7)
    return cost["recurrent_parameters"], cost["multiply_adds"]


@pytest.mark.parametrize("name", PRODUCTS)
def test_costs_of_recurrent_layers(name: str) -> None:
    matrices = 2 * 3 * PRODUCTS[name] * (5 + 3)
    # A recurrent weight is used once per word, an output weight once per review.
    assert costs(NETWORKS[name], units=3) == (matrices + 2 * 3 * BIASES[name], 7 * matrices + 2 * 3)
    one, products = costs(NETWORKS[name], "backward", units=3)
    assert (2 * one, products) == (matrices + 2 * 3 * BIASES[name], 7 * matrices // 2 + 3)
    assert costs(NETWORKS[name], "none", units=3) == (0, 2 * 5)  # maximum and mean of five numbers


def test_costs_of_other_layers() -> None:
    def build(_settings: Any) -> Any:
        layers = [keras.layers.Conv1D(4, 3, padding="same"), keras.layers.GlobalMaxPooling1D()]
        return keras.Sequential(layers)

    network = Network("custom", title="Custom", color="gray", build=build)
    assert costs(network) == (0, None)
    without_weights = replace(network, build=lambda _settings: keras.layers.GlobalMaxPooling1D())
    assert costs(without_weights) == (0, 5)
    cells = replace(network, build=lambda _settings: keras.layers.RNN(keras.layers.GRUCell(3)))
    assert costs(cells) == costs(NETWORKS["bigru"], units=3)
