"""The fused kernel against Keras's own layers, with the same weights."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from birnn.core import machine
from birnn.networks import fused
from birnn.networks import kernel as kernels
from birnn.networks import network as networks
from birnn.networks.config import NetworkConfig
from birnn.networks.fused import FusedNetwork
from birnn.networks.network import build_network

LAYERS = ("lstm", "gru")
KEPT = (kernels.compute_outputs, kernels.compute_gradients)


def pair(layer: Any, **shape: int) -> tuple[keras.Sequential, keras.Sequential]:
    """Return a network by Keras's layers alone, and one by the fused kernel, of equal weights."""
    words, maxlen = shape.get("num_words", 30), shape.get("maxlen", 7)
    units, dim = shape.get("units", 6), shape.get("embedding_dim", 5)
    of_keras = keras.Sequential(
        [
            keras.Input((maxlen,), dtype="int32"),
            keras.layers.Embedding(words, dim),
            keras.layers.Bidirectional(networks.LAYERS[layer](units)),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    network = NetworkConfig(
        layer=layer,
        num_words=words,
        maxlen=maxlen,
        embedding_dim=dim,
        units=units,
        dropout=0.5,
        kernel="fused",
    )
    of_fused = build_network(network)
    # Large enough for saturated gates, and no bias is zero.
    rng = np.random.default_rng(0)
    weights = [rng.normal(0, 0.7, weight.shape) for weight in of_keras.get_weights()]
    for model in (of_keras, of_fused):
        model.set_weights(weights)
    return of_keras, of_fused


def gradients(model: keras.Sequential, ids: NDArray[Any]) -> list[NDArray[Any]]:
    """Return the gradients of a loss that depends on every review, summed where words repeat."""
    factors = np.linspace(-1, 2, len(ids), dtype=np.float32)[:, None]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(factors * model(ids))
    found = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
    return [tf.convert_to_tensor(gradient).numpy() for gradient in found]


@pytest.mark.parametrize("layer", LAYERS)
@given(
    reviews=st.integers(1, 40),
    maxlen=st.integers(1, 12),
    units=st.integers(1, 9),
    embedding_dim=st.integers(1, 6),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=15)
def test_predictions_and_gradients_are_those_of_keras(
    layer: str, reviews: int, maxlen: int, units: int, embedding_dim: int, seed: int
) -> None:
    of_keras, of_fused = pair(layer, maxlen=maxlen, units=units, embedding_dim=embedding_dim)
    assert isinstance(of_fused, FusedNetwork)
    ids = np.random.default_rng(seed).integers(0, 30, (reviews, maxlen)).astype(np.int32)
    assert np.abs(of_fused(ids) - of_keras(ids)).max() <= 1e-5
    for found, expected in zip(gradients(of_fused, ids), gradients(of_keras, ids), strict=True):
        assert found == pytest.approx(expected, rel=1e-4, abs=2e-5 * max(1, reviews))


@pytest.mark.slow
@pytest.mark.parametrize("layer", LAYERS)
def test_the_notebooks_shapes(layer: str) -> None:
    shape = {"num_words": 20_000, "maxlen": 100, "units": 64, "embedding_dim": 128}
    of_keras, of_fused = pair(layer, **shape)
    weights = [0.1 * weight for weight in of_keras.get_weights()]
    for model in (of_keras, of_fused):
        model.set_weights(weights)
    ids = np.random.default_rng(0).integers(0, 20_000, (50, 100)).astype(np.int32)
    assert np.abs(of_fused(ids) - of_keras(ids)).max() <= 1e-5
    for found, expected in zip(gradients(of_fused, ids), gradients(of_keras, ids), strict=True):
        assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.slow
@pytest.mark.parametrize("layer", LAYERS)
def test_both_kernels_train_alike(layer: str) -> None:
    ids = np.random.default_rng(1).integers(0, 30, (64, 7)).astype(np.int32)
    labels = (ids[:, 0] > 14).astype(np.uint8)
    trained = []
    for kernel in ("fused", "keras"):
        keras.utils.set_random_seed(0)
        model = build_network(
            NetworkConfig(
                layer=layer,  # type: ignore[arg-type]
                num_words=30,
                maxlen=7,
                embedding_dim=5,
                units=6,
                dropout=0.5,
                kernel=kernel,  # type: ignore[arg-type]
            )
        )
        assert isinstance(model, FusedNetwork) == (kernel == "fused")
        model.compile("adam", "binary_crossentropy")
        model.fit(ids, labels, batch_size=16, epochs=3, shuffle=False, verbose=0)
        trained.append(model.get_weights())
    for fused_weights, keras_weights in zip(*trained, strict=True):
        assert fused_weights == pytest.approx(keras_weights, abs=1e-4)


@pytest.mark.parametrize("layer", LAYERS)
def test_the_number_of_cores_changes_no_more_than_rounding(
    layer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, model = pair(layer)
    ids = np.random.default_rng(0).integers(0, 30, (61, 7)).astype(np.int32)
    whole, of_whole = model(ids).numpy(), gradients(model, ids)
    monkeypatch.setattr(fused, "usable_cores", lambda: 8)
    assert (model(ids).numpy() == whole).all()
    for found, expected in zip(gradients(model, ids), of_whole, strict=True):
        assert found == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_words_of_one_kind_alone_are_compiled() -> None:
    # Another memory layout or type would be compiled again, for seconds.
    _, model = pair("lstm")
    ids = np.zeros((9, 7), np.int32)
    model.predict_on_batch(ids)
    gradients(model, ids)
    assert [len(function.signatures) for function in KEPT] == [1, 1]


GRADIENTS = """
import sys
import numpy as np
from birnn.networks import kernel as kernels

file, lanes = sys.argv[1:]
kernels.LANES = int(lanes)
rng = np.random.default_rng(0)
words = rng.integers(0, 90, (19, 20), np.int32)
lengths = np.sort(rng.integers(1, 21, 19)).astype(np.int32)
features = rng.normal(0, 1, (19, 20, 3)).astype(np.float32)
found = []
for gates, is_gru, pooled in ((4, False, False), (3, True, False), (4, False, True)):
    shapes = (90, gates * 50), (3, gates * 50), (50, gates * 50), (gates * 50,)
    weights = tuple(rng.normal(0, 0.2, shape).astype(np.float32) for shape in shapes)
    inputs = words, lengths if pooled else np.full(19, 20, np.int32), features
    result = np.zeros((19, 100 if pooled else 50), np.float32)
    kernels.compute_outputs(inputs, weights, is_gru, pooled, result)
    gradients = tuple(np.zeros_like(tensor) for tensor in weights)
    kernels.compute_gradients(inputs, weights, is_gru, pooled, result, gradients)
    found += [result, *gradients]
np.savez(file, *found)
"""


def in_a_process_of_its_own(folder: Path, lanes: int, cache: str) -> list[NDArray[np.float32]]:
    """Return outputs and gradients, computed with so many columns of a product at a time."""
    file = folder / "found.npz"
    surroundings = os.environ | {"NUMBA_CACHE_DIR": str(folder / cache)}
    command = [sys.executable, "-c", GRADIENTS, str(file), str(lanes)]
    subprocess.run(command, check=True, env=surroundings)
    with np.load(file) as found:
        return [found[name] for name in found.files]


@pytest.mark.exhaustive
def test_the_process_that_compiles_computes_the_same_bytes(tmp_path: Path) -> None:
    compiled, loaded = (in_a_process_of_its_own(tmp_path, kernels.LANES, "cache") for _ in range(2))
    assert len(list(tmp_path.rglob("*.nbc"))) == len(KEPT)
    assert [numbers.tobytes() for numbers in loaded] == [numbers.tobytes() for numbers in compiled]


@pytest.mark.exhaustive
def test_wide_and_narrow_registers_differ_by_rounding_alone(tmp_path: Path) -> None:
    narrow, wide = (in_a_process_of_its_own(tmp_path, lanes, str(lanes)) for lanes in (8, 32))
    for found, expected in zip(narrow, wide, strict=True):
        assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


def test_a_weight_that_is_not_a_number_shows() -> None:
    # Training stops where the loss is not finite: the clipped ends of tanh must not hide that.
    _, model = pair("lstm")
    weights = model.get_weights()
    weights[0][:] = np.nan
    model.set_weights(weights)
    assert np.isnan(model(np.zeros((1, 7), np.int32)).numpy()).all()


@kernels.kept
def squash(x: Any, out: Any) -> None:
    for place in range(x.shape[0]):
        out[place, 0], out[place, 1] = kernels.tanh(x[place]), kernels.sigmoid(x[place])


def test_the_squashing_functions() -> None:
    x = np.linspace(-30, 30, 300_001, dtype=np.float32)
    out = np.empty((len(x), 2), np.float32)
    squash(x, out)
    assert np.abs(out[:, 0] - np.tanh(x.astype(np.float64))).max() <= 2e-7
    assert np.abs(out[:, 1] - 1 / (1 + np.exp(-x.astype(np.float64)))).max() <= 2e-7
    ends = np.array([-np.inf, np.inf, np.nan], np.float32)
    squash(ends, out[:3])
    assert out[:2, 0].tolist() == pytest.approx([-1, 1])
    assert np.isnan(out[2]).all()


def test_a_gpu_is_left_to_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    network = NetworkConfig(
        layer="gru", num_words=9, maxlen=3, embedding_dim=2, units=2, dropout=0, kernel="auto"
    )
    assert isinstance(build_network(network), FusedNetwork)
    monkeypatch.setattr(networks, "accelerators", lambda: ["a GPU"])
    assert not isinstance(build_network(network), FusedNetwork)


def test_all_cores_are_used() -> None:
    assert fused._threads()._max_workers == machine.usable_cores()  # noqa: SLF001
