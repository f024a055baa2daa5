"""Tests of the networks: initial and saved weights, and any layer that Keras can build."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from birnn.architectures.registry import NETWORKS
from birnn.core.outputs import read_json, write_json
from birnn.core.settings import validate
from birnn.core.yaml_files import read_yaml
from birnn.networks.definition import Network, NetworkSettings
from birnn.networks.network import build_network, count_parameters, predict, save_network
from birnn.runtime.errors import InputError
from tests.birnn.small_networks import (
    LAYERS,
    build,
    build_keras_network,
    config,
    load,
    set_large_weights,
)
from tests.projects import PROJECT


@pytest.mark.parametrize("name", LAYERS)
def test_initial_weights_equal_keras_except_orthogonal_ones(name: str) -> None:
    # Settings that are off must not consume random numbers.
    keras.utils.set_random_seed(5)
    expected_weights = build_keras_network(config(name)).get_weights()
    keras.utils.set_random_seed(5)
    model = build(config(name))
    recurrent = []
    for variable, expected in zip(model.weights, expected_weights, strict=True):
        weights = variable.numpy()
        if variable.name == "recurrent_kernel":
            recurrent.append(weights)
            for matrix in (weights, expected):
                assert matrix @ matrix.T == pytest.approx(np.eye(len(matrix)), abs=1e-6)
            assert weights.shape == expected.shape
        else:
            assert (weights == expected).all()
    forward, backward = recurrent
    assert np.abs(forward - backward).max() > 0.1


@pytest.mark.parametrize("pooling", ["last", "max_mean"])
@pytest.mark.parametrize("name", LAYERS)
def test_backward_network_reads_reviews_from_the_end(name: str, pooling: str) -> None:
    directions = "forward", "backward"
    networks = [build(config(name, pooling=pooling, direction=each)) for each in directions]
    set_large_weights(*networks)
    ids = np.random.default_rng(0).integers(2, 30, (9, 7), np.int32)
    forward, backward = (predict(network, ids) for network in networks)
    assert predict(networks[1], ids[:, ::-1]) == pytest.approx(forward, abs=1e-6)
    assert np.abs(forward - backward).max() > 0.1


def test_last_state_needs_a_recurrent_layer() -> None:
    settings = read_yaml(PROJECT / "params.yaml")
    settings["network"] |= {"direction": "none"}
    with pytest.raises(InputError, match="direction none has no recurrent layer, so no last state"):
        validate(NetworkSettings, settings, "params.yaml", [*settings])


@pytest.mark.parametrize("kernel", ["fused", "keras"])
def test_network_without_recurrent_layer_pools_words(tmp_path: Path, kernel: str) -> None:
    options = {"pooling": "max_mean", "direction": "none", "kernel": kernel}
    networks = {}
    for name in LAYERS:
        keras.utils.set_random_seed(3)
        networks[name] = build(config(name, **options))
    ids = np.array([[0, 0, 4, 9, 4, 7, 2], [3, 4, 5, 6, 7, 8, 9]], np.int32)
    model = networks["bilstm"]
    vectors, weights, bias = model.get_weights()
    words = [vectors[row[row > 0]] for row in ids]
    pools = [np.concatenate([each.max(axis=0), each.mean(axis=0)]) for each in words]
    expected = (np.array(pools) @ weights + bias)[:, 0]
    assert predict(model, ids) == pytest.approx(expected, abs=1e-6)
    assert np.array_equal(predict(networks["bigru"], ids), predict(model, ids))
    save_network(config("bilstm", **options), model, tmp_path)
    assert np.array_equal(predict(load(tmp_path), ids), predict(model, ids))


@pytest.mark.parametrize("name", NETWORKS)
def test_network_round_trips_and_equal_weights_give_equal_files(tmp_path: Path, name: str) -> None:
    network = config(name)
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        keras.utils.clear_session()  # number layers from 0, as in a new process
        keras.utils.set_random_seed(1)
        model = build(network)
        save_network(network, model, folder)
    for file in ("network.json", "model.weights.h5"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    ids = np.random.default_rng(0).integers(0, 30, (2003, 7), np.int32)  # more than a batch
    expected = predict(model, ids)
    assert expected.shape == (2003,)
    assert expected[[0, 2002]] == pytest.approx(model(ids[[0, 2002]]).numpy()[:, 0], abs=1e-6)
    assert np.array_equal(predict(load(tmp_path / "a"), ids), expected)
    if name in LAYERS:
        keras_model = build_keras_network(network)
        keras_model.load_weights(tmp_path / "a" / "model.weights.h5")
        assert np.abs(keras_model(ids).numpy()[:, 0] - expected).max() <= 1e-6
        assert count_parameters(model) == keras_model.count_params()


def test_disk_needs_space_for_all_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(Path, "write_bytes", lambda _file, content: sizes.append(len(content)))
    network = config(longest_ngram=1, ngrams=100_000)  # codes of n-grams take 8 bytes each
    save_network(network, build(network), tmp_path)
    assert sizes[0] >= (tmp_path / "model.weights.h5").stat().st_size


def test_foreign_configuration_is_refused(tmp_path: Path) -> None:
    network = config()
    save_network(network, build(network), tmp_path)
    content = read_json(tmp_path / "network.json")
    assert "word_dropout" not in content
    write_json(tmp_path / "network.json", content | {"module": "os", "layer": "Lambda"})
    with pytest.raises(ValidationError):
        load(tmp_path)


def custom(layer: keras.Layer, **options: Any) -> keras.Sequential:
    network = Network("custom", title="Custom", color="gray", build=lambda _settings: layer)
    return build_network(network, config("custom", settings={}, **options))


@pytest.mark.parametrize("longest", [0, 2])
@pytest.mark.parametrize("pooling", ["last", "max_mean"])
def test_layer_that_is_not_recurrent_is_used_as_it_is(pooling: Any, longest: int) -> None:
    options = {"pooling": pooling, "longest_ngram": longest, "ngrams": 4}
    model = custom(keras.layers.GlobalAveragePooling1D(), **options)
    ids = np.array([[5, 6, 0, 0, 0, 0, 0]], np.int32)
    vectors = model.layers[0](ids)[0].numpy()
    mean = vectors[:2].mean(axis=0) if pooling == "max_mean" else vectors.mean(axis=0)
    expected = model.layers[3](mean[None]).numpy()
    assert model(ids).numpy() == pytest.approx(expected, abs=1e-6)


def test_any_recurrent_layer_is_pooled() -> None:
    # A stack of cells has no attribute `units`, and states can be larger than 1.
    cells = [keras.layers.LSTMCell(2), keras.layers.GRUCell(3, activation="linear")]
    model = custom(keras.layers.RNN(cells), pooling="max_mean")
    assert model.layers[1].compute_output_shape((None, 7, 4)) == (None, 12)
    narrow = np.array([[5, 6, 7, 0, 0, 0, 0]], np.int32)
    wide = np.array([[0, 0, 0, 0, 5, 6, 7]], np.int32)
    assert model(narrow).numpy() == pytest.approx(model(wide).numpy(), abs=1e-6)


@pytest.mark.parametrize("name", ["", "BiRNN", "a-b", "2layers", "a_minus_b"])
def test_invalid_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a network"):
        Network(name, title="x", color="gray", build=lambda _settings: None)
