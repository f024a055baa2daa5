"""Tests of the costs: they follow the formulas of the layers."""

import pytest

from birnn.evaluation import costs
from birnn.networks.config import NetworkConfig
from tests.birnn.small_networks import build

# Per direction: products of the input and the state with a matrix, and biases, per unit.
PRODUCTS = {"bilstm": 4, "bigru": 3}
BIASES = {"bilstm": 4, "bigru": 6}


def recurrent_parameters(name: str, inputs: int, units: int) -> int:
    return 2 * units * (PRODUCTS[name] * (inputs + units) + BIASES[name])


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize(("embedding_dim", "units"), [(128, 64), (5, 3), (1, 1)])
def test_costs_follow_the_formulas(name: str, embedding_dim: int, units: int) -> None:
    config = NetworkConfig(
        name=name,
        settings={"units": units},
        num_words=9,
        maxlen=7,
        embedding_dim=embedding_dim,
        dropout=0,
        kernel="auto",
    )
    _, layer, *_, output = build(config).layers
    assert costs.layer_parameters(layer) == recurrent_parameters(name, embedding_dim, units)
    # A recurrent weight is used once per word, an output weight once per review.
    per_word = 2 * PRODUCTS[name] * units * (embedding_dim + units)
    assert costs.multiply_adds(layer, output, words=7) == 7 * per_word + 2 * units


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
