"""Tests of the costs: they follow the formulas of the layers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import pytest

from birnn.evaluation import costs
from birnn.networks.config import NetworkConfig
from birnn.networks.definition import Network
from birnn.networks.network import build_network
from birnn.networks.registry import NETWORKS

# Per direction: products of the input and the state with a matrix, and biases, per unit.
PRODUCTS = {"bilstm": 4, "bigru": 3}
BIASES = {"bilstm": 4, "bigru": 6}


def recurrent_parameters(name: str, inputs: int, units: int) -> int:
    return 2 * units * (PRODUCTS[name] * (inputs + units) + BIASES[name])


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize(("embedding_dim", "units"), [(128, 64), (5, 3), (1, 1)])
def test_costs_follow_the_formulas(name: str, embedding_dim: int, units: int) -> None:
    # A recurrent weight is used once per word, an output weight once per review.
    per_word = 2 * PRODUCTS[name] * units * (embedding_dim + units)
    assert network_costs(NETWORKS[name], {"units": units}, embedding_dim) == (
        recurrent_parameters(name, embedding_dim, units),
        7 * per_word + 2 * units,
    )


def network_costs(
    network: Network, settings: dict[str, Any], embedding_dim: int = 5
) -> tuple[int, int | None]:
    """Return the recurrent parameters and the multiply-adds for a review of seven words."""
    config = NetworkConfig(
        name=network.name,
        settings=settings,
        num_words=9,
        maxlen=7,
        embedding_dim=embedding_dim,
        dropout=0,
        kernel="auto",
    )
    _, layer, *_, output = build_network(network, config).layers
    multiply_adds = costs.multiply_adds(network, layer, output, words=7)
    return costs.recurrent_parameters(layer), multiply_adds


@keras.saving.register_keras_serializable(package="tests")
class MinimalGatedCell(keras.layers.Layer):  # type: ignore[misc]  # Keras comes without types
    """A forget gate and a candidate, from a matrix of the input and one of the state."""

    def __init__(self, units: int, **options: Any) -> None:
        super().__init__(**options)
        self.state_size = self.output_size = units

    def build(self, input_shape: tuple[int | None, int]) -> None:
        units = self.state_size
        self.inputs = self.add_weight(name="inputs", shape=(input_shape[-1], 2 * units))
        self.states = self.add_weight(name="states", shape=(units, 2 * units))
        self.bias = self.add_weight(name="bias", shape=(2 * units,))

    def call(self, inputs: Any, states: Any) -> tuple[Any, list[Any]]:
        gates = inputs @ self.inputs + states[0] @ self.states + self.bias
        forget, candidate = keras.ops.split(gates, 2, axis=-1)
        forget = keras.ops.sigmoid(forget)
        state = forget * states[0] + (1 - forget) * keras.ops.tanh(candidate)
        return state, [state]


def custom(build: Callable[[Any], Any]) -> Network:
    return Network("custom", title="Custom", color="gray", build=build)


def test_all_weights_of_a_custom_cell_are_counted() -> None:
    network = custom(lambda _settings: keras.layers.RNN(MinimalGatedCell(3)))
    # Two products of the input (5) and the state (3) per unit and direction, and two biases.
    assert network_costs(network, {}) == (2 * 3 * 2 * (5 + 3 + 1), 7 * 2 * 3 * 2 * (5 + 3) + 2 * 3)


def test_convolution_declares_its_multiply_adds() -> None:
    def build(_settings: Any) -> Any:
        layers = [keras.layers.Conv1D(4, 3, padding="same"), keras.layers.GlobalMaxPooling1D()]
        return keras.Sequential(layers)

    assert network_costs(custom(build), {}) == (0, None)
    declared = replace(custom(build), multiply_adds=lambda _layer, words: words * 3 * 5 * 4)
    assert network_costs(declared, {}) == (0, 7 * 3 * 5 * 4 + 4)


@pytest.mark.parametrize(
    ("embedding_dim", "lstm_units", "matched"), [(128, 64, 79), (1, 1, 1), (4096, 64, 85)]
)
def test_matched_gru_is_the_closest(embedding_dim: int, lstm_units: int, matched: int) -> None:
    assert costs.matched_gru_units(embedding_dim, lstm_units) == matched
    target = recurrent_parameters("bilstm", embedding_dim, lstm_units)
    distances = [
        abs(recurrent_parameters("bigru", embedding_dim, units) - target)
        for units in range(max(1, matched - 1), matched + 2)
    ]
    assert min(distances) == abs(recurrent_parameters("bigru", embedding_dim, matched) - target)
