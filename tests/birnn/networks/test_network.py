"""The networks: the notebook's shapes, layers that cuDNN serves, and weights that come back."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from pydantic import ValidationError

from birnn.core.outputs import read_json, write_json
from birnn.networks import network as networks
from birnn.networks.config import NetworkConfig
from birnn.networks.network import build_network, load_network, save_network

NOTEBOOK: dict[str, Any] = {
    "num_words": 20000,
    "maxlen": 100,
    "embedding_dim": 128,
    "units": 64,
    "dropout": 0.5,
    "kernel": "auto",
}
SMALL: dict[str, Any] = {
    "num_words": 30,
    "maxlen": 7,
    "embedding_dim": 4,
    "units": 3,
    "dropout": 0.5,
    "kernel": "auto",
}


@pytest.mark.parametrize(("layer", "parameters"), [("lstm", 2_658_945), ("gru", 2_634_625)])
def test_the_notebooks_networks(layer: Any, parameters: int) -> None:
    model = build_network(NetworkConfig(layer=layer, **NOTEBOOK))
    assert model.count_params() == parameters
    assert [type(part).__name__ for part in model.layers] == [
        "Embedding",
        "Bidirectional",
        "Dropout",
        "Dense",
    ]
    assert model.input_shape == (None, 100)
    assert model.output_shape == (None, 1)


@pytest.mark.parametrize("layer", ["lstm", "gru"])
def test_a_seed_gives_the_weights_that_keras_draws(layer: Any) -> None:
    # Settings that are off must not take a number from those that weights are drawn with.
    keras.utils.set_random_seed(5)
    recurrent = networks.LAYERS[layer](SMALL["units"])
    of_keras = keras.Sequential(
        [
            keras.Input((SMALL["maxlen"],), dtype="int32"),
            keras.layers.Embedding(SMALL["num_words"], SMALL["embedding_dim"]),
            keras.layers.Bidirectional(recurrent),
            keras.layers.Dropout(SMALL["dropout"]),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    keras.utils.set_random_seed(5)
    ours = build_network(NetworkConfig(layer=layer, **SMALL))
    for weights, expected in zip(ours.get_weights(), of_keras.get_weights(), strict=True):
        assert (weights == expected).all()


@pytest.mark.parametrize("layer", ["lstm", "gru"])
def test_cudnn_can_serve_the_recurrent_layers(layer: Any) -> None:
    bidirectional = build_network(NetworkConfig(layer=layer, **SMALL)).layers[1]
    for recurrent in (bidirectional.forward_layer, bidirectional.backward_layer):
        config = recurrent.get_config()
        assert config["activation"] == "tanh"
        assert config["recurrent_activation"] == "sigmoid"
        assert config["recurrent_dropout"] == 0
        assert config["use_bias"]
        assert not config["unroll"]
        assert config.get("reset_after", True)
        assert recurrent.use_cudnn == "auto"


@pytest.mark.parametrize("layer", ["lstm", "gru"])
def test_a_network_comes_back_with_its_weights(tmp_path: Path, layer: Any) -> None:
    network = NetworkConfig(layer=layer, **SMALL)
    model = build_network(network)
    save_network(network, model, tmp_path)
    ids = np.random.default_rng(0).integers(0, 30, (5, 7))
    assert np.array_equal(load_network(tmp_path)(ids), model(ids))


def test_equal_weights_are_equal_bytes(tmp_path: Path) -> None:
    network = NetworkConfig(layer="gru", **SMALL)
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        keras.utils.clear_session()  # as in a new process, layers are numbered from 0
        keras.utils.set_random_seed(1)
        save_network(network, build_network(network), folder)
    for name in ("network.json", "model.weights.h5"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_configuration_of_something_else_is_refused(tmp_path: Path) -> None:
    network = NetworkConfig(layer="gru", **SMALL)
    save_network(network, build_network(network), tmp_path)
    config = read_json(tmp_path / "network.json")
    write_json(tmp_path / "network.json", config | {"module": "os", "layer": "Lambda"})
    with pytest.raises(ValidationError):
        load_network(tmp_path)


def test_the_optimizer_gets_one_gradient_a_word() -> None:
    # Adam would square that of each place by itself.
    layer = networks.Embedding(9, 3)
    ids = np.array([[1, 5, 1], [7, 1, 5]], np.int32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(ids) * np.arange(6, dtype=np.float32).reshape(2, 3, 1))
    gradient = tape.gradient(loss, layer.embeddings.value)
    assert sorted(gradient.indices.numpy().tolist()) == [1, 5, 7]
    expected = np.zeros((9, 3), np.float32)
    expected[[1, 5, 7]] = [[0 + 2 + 4], [1 + 5], [3]]
    assert tf.convert_to_tensor(gradient).numpy().tolist() == expected.tolist()


@pytest.mark.parametrize("layer", ["lstm", "gru"])
@pytest.mark.parametrize("kernel", ["keras", "fused"])
def test_the_weights_fit_keras_layers_alone(tmp_path: Path, layer: Any, kernel: Any) -> None:
    network = NetworkConfig(layer=layer, **(SMALL | {"kernel": kernel}))
    model = build_network(network)
    save_network(network, model, tmp_path)
    of_keras = keras.Sequential(
        [
            keras.Input((7,), dtype="int32"),
            keras.layers.Embedding(30, 4),
            keras.layers.Bidirectional(networks.LAYERS[layer](3)),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    of_keras.load_weights(tmp_path / "model.weights.h5")
    ids = np.random.default_rng(0).integers(0, 30, (5, 7)).astype(np.int32)
    assert np.abs(of_keras(ids) - model(ids)).max() <= 1e-6
