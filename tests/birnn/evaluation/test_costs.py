"""Tests of the costs: they follow the formulas of the layers."""

from dataclasses import replace
from typing import Any

import keras
import pytest

from birnn.evaluation import costs
from birnn.networks.definition import Network
from birnn.networks.network import build_network
from birnn.networks.registry import NETWORKS
from tests.birnn import small_networks

# Per direction: products of the input and the state with a matrix, and biases, per unit.
PRODUCTS = {"bilstm": 4, "bigru": 3}
BIASES = {"bilstm": 4, "bigru": 6}


def recurrent_parameters(name: str, inputs: int, units: int) -> int:
    return 2 * units * (PRODUCTS[name] * (inputs + units) + BIASES[name])


def network_costs(network: Network, settings: dict[str, Any]) -> tuple[int, int | None]:
    """Return the recurrent parameters and the multiply-adds for a review of seven words."""
    config = small_networks.config(network.name, settings=settings, embedding_dim=5)
    _, layer, *_, output = build_network(network, config).layers
    multiply_adds = costs.multiply_adds(layer, output, words=7)
    return costs.recurrent_parameters(layer), multiply_adds


@pytest.mark.parametrize("name", PRODUCTS)
def test_costs_follow_the_formulas(name: str) -> None:
    parameters, multiply_adds = network_costs(NETWORKS[name], {"units": 3})
    assert parameters == recurrent_parameters(name, inputs=5, units=3)
    # A recurrent weight is used once per word, an output weight once per review.
    assert multiply_adds == 7 * (2 * PRODUCTS[name] * 3 * (5 + 3)) + 2 * 3


def test_costs_of_other_layers() -> None:
    def build(_settings: Any) -> Any:
        layers = [keras.layers.Conv1D(4, 3, padding="same"), keras.layers.GlobalMaxPooling1D()]
        return keras.Sequential(layers)

    network = Network("custom", title="Custom", color="gray", build=build)
    assert network_costs(network, {}) == (0, None)
    without_weights = replace(network, build=lambda _settings: keras.layers.GlobalMaxPooling1D())
    assert network_costs(without_weights, {}) == (0, 5)
    cells = replace(network, build=lambda _settings: keras.layers.RNN(keras.layers.GRUCell(3)))
    parameters = recurrent_parameters("bigru", inputs=5, units=3)
    assert network_costs(cells, {}) == (parameters, 7 * 2 * 3 * 3 * (5 + 3) + 2 * 3)
