"""Tests of the networks: shapes, cuDNN compatibility, and saved weights."""

import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from birnn.core.errors import InputError
from birnn.core.outputs import read_json, write_json
from birnn.layers.embeddings import Embedding
from birnn.layers.initializers import Orthogonal
from birnn.layers.pooling import call_layer
from birnn.networks.config import NetworkConfig
from birnn.networks.definition import Network, NoSettings
from birnn.networks.network import build_network, save_network
from tests.birnn.small_networks import LAYERS, build, load

NOTEBOOK: dict[str, Any] = {
    "num_words": 20000,
    "maxlen": 100,
    "embedding_dim": 128,
    "settings": {"units": 64},
    "dropout": 0.5,
    "kernel": "auto",
}
SMALL: dict[str, Any] = {
    "num_words": 30,
    "maxlen": 7,
    "embedding_dim": 4,
    "settings": {"units": 3},
    "dropout": 0.5,
    "kernel": "auto",
}


def build_keras_network(name: str) -> keras.Sequential:
    """Return a network of plain Keras layers with the settings in SMALL."""
    recurrent = LAYERS[name](SMALL["settings"]["units"])
    return keras.Sequential(
        [
            keras.Input((SMALL["maxlen"],), dtype="int32"),
            keras.layers.Embedding(SMALL["num_words"], SMALL["embedding_dim"]),
            keras.layers.Bidirectional(recurrent),
            keras.layers.Dropout(SMALL["dropout"]),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )


@pytest.mark.parametrize(("name", "parameters"), [("bilstm", 2_658_945), ("bigru", 2_634_625)])
def test_networks_have_the_shapes_of_the_notebook(name: Any, parameters: int) -> None:
    model = build(NetworkConfig(name=name, **NOTEBOOK))
    assert model.count_params() == parameters
    assert [type(part).__name__ for part in model.layers] == [
        "Embedding",
        "Bidirectional",
        "Dropout",
        "Dense",
    ]
    assert model.input_shape == (None, 100)
    assert model.output_shape == (None, 1)


@pytest.mark.parametrize("name", ["bilstm", "bigru"])
def test_initial_weights_equal_keras_except_orthogonal_ones(name: Any) -> None:
    # Settings that are off must not consume random numbers.
    keras.utils.set_random_seed(5)
    expected_weights = build_keras_network(name).get_weights()
    keras.utils.set_random_seed(5)
    model = build(NetworkConfig(name=name, **SMALL))
    recurrent = 0
    for variable, expected in zip(model.weights, expected_weights, strict=True):
        weights = variable.numpy()
        if variable.name == "recurrent_kernel":
            recurrent += 1
            for matrix in (weights, expected):
                assert matrix @ matrix.T == pytest.approx(np.eye(len(matrix)), abs=1e-6)
            assert weights.shape == expected.shape
        else:
            assert (weights == expected).all()
    assert recurrent == 2


def test_directions_start_with_different_weights() -> None:
    layer = build(NetworkConfig(name="bigru", **SMALL)).layers[1]
    cells = layer.forward_layer.cell, layer.backward_layer.cell
    forward, backward = (cell.recurrent_kernel.numpy() for cell in cells)
    assert np.abs(forward - backward).max() > 0.1


@given(rows=st.integers(1, 12), columns=st.integers(1, 12), gain=st.floats(0.1, 3))
def test_orthogonal_initializer(rows: int, columns: int, gain: float) -> None:
    weights = Orthogonal(gain, seed=rows)((rows, columns))
    expected = gain**2 * np.eye(min(rows, columns))
    product = weights @ weights.T if rows < columns else weights.T @ weights
    assert product == pytest.approx(expected, abs=1e-5)
    assert weights.dtype == np.float32


@pytest.mark.parametrize("name", ["bilstm", "bigru"])
def test_recurrent_layers_can_use_cudnn(name: Any) -> None:
    bidirectional = build(NetworkConfig(name=name, **SMALL)).layers[1]
    for recurrent in (bidirectional.forward_layer, bidirectional.backward_layer):
        config = recurrent.get_config()
        assert config["activation"] == "tanh"
        assert config["recurrent_activation"] == "sigmoid"
        assert config["recurrent_dropout"] == 0
        assert config["use_bias"]
        assert not config["unroll"]
        assert config.get("reset_after", True)
        assert recurrent.use_cudnn == "auto"


@pytest.mark.parametrize("name", ["bilstm", "bigru"])
def test_network_round_trips(tmp_path: Path, name: Any) -> None:
    network = NetworkConfig(name=name, **SMALL)
    model = build(network)
    save_network(network, model, tmp_path)
    ids = np.random.default_rng(0).integers(0, 30, (5, 7))
    assert np.array_equal(load(tmp_path)(ids), model(ids))


def test_equal_weights_give_equal_files(tmp_path: Path) -> None:
    network = NetworkConfig(name="bigru", **SMALL)
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        keras.utils.clear_session()  # number layers from 0, as in a new process
        keras.utils.set_random_seed(1)
        save_network(network, build(network), folder)
    for name in ("network.json", "model.weights.h5"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_foreign_configuration_is_refused(tmp_path: Path) -> None:
    network = NetworkConfig(name="bigru", **SMALL)
    save_network(network, build(network), tmp_path)
    config = read_json(tmp_path / "network.json")
    write_json(tmp_path / "network.json", config | {"module": "os", "layer": "Lambda"})
    with pytest.raises(ValidationError):
        load(tmp_path)


def test_optimizer_gets_one_gradient_per_word() -> None:
    # Adam would square the gradient of each position separately.
    layer = Embedding(9, 3)
    ids = np.array([[1, 5, 1], [7, 1, 5]], np.int32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(ids) * np.arange(6, dtype=np.float32).reshape(2, 3, 1))
    gradient = tape.gradient(loss, layer.embeddings.value)
    assert sorted(gradient.indices.numpy().tolist()) == [1, 5, 7]
    expected = np.zeros((9, 3), np.float32)
    expected[[1, 5, 7]] = [[0 + 2 + 4], [1 + 5], [3]]
    assert tf.convert_to_tensor(gradient).numpy().tolist() == expected.tolist()


@pytest.mark.parametrize("name", ["bilstm", "bigru"])
@pytest.mark.parametrize("kernel", ["keras", "fused"])
def test_plain_keras_layers_load_the_weights(tmp_path: Path, name: Any, kernel: Any) -> None:
    network = NetworkConfig(name=name, **(SMALL | {"kernel": kernel}))
    model = build(network)
    save_network(network, model, tmp_path)
    keras_model = build_keras_network(name)
    keras_model.load_weights(tmp_path / "model.weights.h5")
    ids = np.random.default_rng(0).integers(0, 30, (5, 7)).astype(np.int32)
    assert np.abs(keras_model(ids) - keras.ops.sigmoid(model(ids))).max() <= 1e-6


@pytest.mark.parametrize("longest_ngram", [0, 2])
@pytest.mark.parametrize("pooling", ["last", "max_mean"])
def test_layer_that_is_not_recurrent_is_used_as_it_is(pooling: Any, longest_ngram: int) -> None:
    network = Network(
        "average",
        title="Average",
        color="ochre",
        build=lambda _settings: keras.layers.GlobalAveragePooling1D(),
    )
    options = SMALL | {"settings": {}, "pooling": pooling, "longest_ngram": longest_ngram}
    model = build_network(network, NetworkConfig(name="average", ngrams=4, **options))
    ids = np.array([[5, 6, 0, 0, 0, 0, 0]], np.int32)
    vectors = model.layers[0](ids)[0].numpy()
    expected = vectors[:2].mean(axis=0) if pooling == "max_mean" else vectors.mean(axis=0)
    inputs: list[Any] = []
    model.layers[2].call = lambda states, **_: inputs.append(states) or states
    model(ids)
    assert inputs[0].numpy()[0] == pytest.approx(expected)


@pytest.mark.parametrize("pooling", ["last", "max_mean"])
def test_layer_without_a_mask_reads_padding(pooling: Any) -> None:
    def build_flat(_settings: NoSettings) -> keras.Layer:
        return keras.layers.GlobalMaxPooling1D()

    network = Network("maximum", title="Maximum", color="gray", build=build_flat)
    options = SMALL | {"settings": {}, "pooling": pooling}
    with warnings.catch_warnings():
        # Keras warns that the layer drops the mask.
        warnings.filterwarnings("ignore", message=".*does not support masking")
        model = build_network(network, NetworkConfig(name="maximum", **options))
        assert model(np.zeros((3, 7), np.int32)).shape == (3, 1)


@pytest.mark.filterwarnings("ignore:.*does not support masking")
def test_model_that_ignores_the_mask_is_refused() -> None:
    def network(first: keras.Layer) -> Network:
        layers = [first, keras.layers.GlobalAveragePooling1D()]
        build = lambda _settings: keras.Sequential(layers)  # noqa: E731
        return Network("custom", title="Custom", color="gray", build=build)

    config = NetworkConfig(name="custom", **SMALL | {"settings": {}, "pooling": "max_mean"})
    masked = build_network(network(keras.layers.Activation("linear")), config)
    ids = np.array([[5, 6, 0, 0, 0, 0, 0]], np.int32)
    vectors = masked.layers[0](ids)[0].numpy()
    mean = call_layer(masked.layers[1], vectors[None], ids != 0, training=False)
    assert mean.numpy()[0] == pytest.approx(vectors[:2].mean(axis=0))
    convolution = network(keras.layers.Conv1D(4, 3))
    with pytest.raises(InputError, match="custom reads padding, because a part of its Sequential"):
        build_network(convolution, config)
    assert build_network(convolution, config.model_copy(update={"pooling": "last"}))


def test_any_recurrent_layer_is_pooled() -> None:
    # A stack of cells has no attribute `units`, and states can be larger than 1.
    cells = [keras.layers.LSTMCell(2), keras.layers.GRUCell(3, activation="linear")]
    network = Network(
        "stack", title="Stack", color="gray", build=lambda _settings: keras.layers.RNN(cells)
    )
    options = SMALL | {"settings": {}, "pooling": "max_mean"}
    model = build_network(network, NetworkConfig(name="stack", **options))
    assert model.layers[1].compute_output_shape((None, 7, 4)) == (None, 12)
    narrow = np.array([[5, 6, 7, 0, 0, 0, 0]], np.int32)
    wide = np.array([[0, 0, 0, 0, 5, 6, 7]], np.int32)
    assert model(narrow).numpy() == pytest.approx(model(wide).numpy(), abs=1e-6)
