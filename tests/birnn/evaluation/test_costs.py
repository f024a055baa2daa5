"""Costs compared with the weights of Keras layers."""

from typing import Any

import keras
import pytest

from birnn.evaluation import costs
from birnn.networks.config import NetworkConfig
from birnn.networks.network import build_network


@pytest.mark.parametrize("layer", ["lstm", "gru"])
@pytest.mark.parametrize(("embedding_dim", "units"), [(128, 64), (5, 3), (1, 1)])
def test_costs_match_keras_layers(layer: Any, embedding_dim: int, units: int) -> None:
    network = NetworkConfig(
        layer=layer,
        num_words=9,
        maxlen=7,
        embedding_dim=embedding_dim,
        units=units,
        dropout=0,
        kernel="auto",
    )
    model = build_network(network)
    bidirectional = model.layers[1]
    assert isinstance(bidirectional, keras.layers.Bidirectional)
    assert costs.recurrent_parameters(layer, embedding_dim, units) == bidirectional.count_params()
    # A recurrent weight is used once per word, an output weight once per review.
    matrices = [weight for weight in bidirectional.weights if "bias" not in weight.name]
    per_word = sum(weight.shape[0] * weight.shape[1] for weight in matrices)
    output = model.layers[-1].kernel.shape[0]
    assert costs.multiply_adds(layer, embedding_dim, units, 7, output) == 7 * per_word + output


def test_costs_of_the_notebook_networks() -> None:
    assert costs.recurrent_parameters("lstm", 128, 64) == 98_816
    assert costs.recurrent_parameters("gru", 128, 64) == 74_496


@pytest.mark.parametrize(
    ("embedding_dim", "lstm_units", "matched"), [(128, 64, 79), (1, 1, 1), (4096, 64, 85)]
)
def test_matched_gru_is_the_closest(embedding_dim: int, lstm_units: int, matched: int) -> None:
    assert costs.matched_gru_units(embedding_dim, lstm_units) == matched
    target = costs.recurrent_parameters("lstm", embedding_dim, lstm_units)
    distances = [
        abs(costs.recurrent_parameters("gru", embedding_dim, units) - target)
        for units in range(max(1, matched - 1), matched + 2)
    ]
    assert min(distances) == abs(costs.recurrent_parameters("gru", embedding_dim, matched) - target)
