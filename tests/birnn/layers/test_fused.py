"""Tests of the fused kernel, compared with Keras's own layers of equal weights."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
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
from birnn.core.errors import InputError
from birnn.layers import fused, threads
from birnn.layers.fused import FusedNetwork
from birnn.layers.kernel import (
    LANES,
    add_rows_of_product,
    cached,
    compute_gradients,
    compute_outputs,
    sigmoid,
    tanh,
)
from birnn.layers.matrix_product import matrix_product
from birnn.networks.config import NetworkConfig
from birnn.networks.definition import Network
from birnn.networks.network import build_network
from tests.birnn.small_networks import LAYERS, build

COMPILED = (compute_outputs, compute_gradients)


def build_pair(name: Any, **shape: int) -> tuple[keras.Sequential, keras.Sequential]:
    """Return a network of plain Keras layers and a fused network with the same weights."""
    words, maxlen = shape.get("num_words", 30), shape.get("maxlen", 7)
    units, dim = shape.get("units", 6), shape.get("embedding_dim", 5)
    keras_model = keras.Sequential(
        [
            keras.Input((maxlen,), dtype="int32"),
            keras.layers.Embedding(words, dim),
            keras.layers.Bidirectional(LAYERS[name](units)),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1),
        ]
    )
    network = NetworkConfig(
        name=name,
        num_words=words,
        maxlen=maxlen,
        embedding_dim=dim,
        settings={"units": units},
        dropout=0.5,
        kernel="fused",
    )
    fused_model = build(network)
    # The weights are large enough to saturate gates, and no bias is zero.
    rng = np.random.default_rng(0)
    weights = [rng.normal(0, 0.7, weight.shape) for weight in keras_model.get_weights()]
    for model in (keras_model, fused_model):
        model.set_weights(weights)
    return keras_model, fused_model


def compute_loss_gradients(model: keras.Sequential, ids: NDArray[Any]) -> list[NDArray[Any]]:
    """Return the dense gradients of a loss that depends on every review."""
    factors = np.linspace(-1, 2, len(ids), dtype=np.float32)[:, None]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(factors * model(ids))
    gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
    return [tf.convert_to_tensor(gradient).numpy() for gradient in gradients]


@pytest.mark.parametrize("name", LAYERS)
@given(
    reviews=st.integers(1, 40),
    maxlen=st.integers(1, 12),
    units=st.integers(1, 9),
    embedding_dim=st.integers(1, 6),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=15)
def test_predictions_and_gradients_equal_keras(
    name: str, reviews: int, maxlen: int, units: int, embedding_dim: int, seed: int
) -> None:
    keras_model, fused_model = build_pair(
        name, maxlen=maxlen, settings={"units": units}, embedding_dim=embedding_dim
    )
    assert isinstance(fused_model, FusedNetwork)
    ids = np.random.default_rng(seed).integers(0, 30, (reviews, maxlen)).astype(np.int32)
    assert np.abs(fused_model(ids) - keras_model(ids)).max() <= 1e-5
    models = (fused_model, keras_model)
    gradients = (compute_loss_gradients(model, ids) for model in models)
    for gradient, expected in zip(*gradients, strict=True):
        assert gradient == pytest.approx(expected, rel=1e-4, abs=2e-5 * reviews)


@pytest.mark.parametrize("name", LAYERS)
def test_no_reviews_have_no_gradients(name: str) -> None:
    # A batch that is smaller than the number of devices leaves some of them without reviews.
    _, model = build_pair(name)
    gradients = compute_loss_gradients(model, np.zeros((0, 7), np.int32))
    assert [gradient.shape for gradient in gradients] == [w.shape for w in model.get_weights()]
    assert not any(gradient.any() for gradient in gradients)


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_notebook_shapes_equal_keras(name: str) -> None:
    shape = {"num_words": 20_000, "maxlen": 100, "settings": {"units": 64}, "embedding_dim": 128}
    models = keras_model, fused_model = build_pair(name, **shape)
    weights = [0.1 * weight for weight in keras_model.get_weights()]
    for model in models:
        model.set_weights(weights)
    ids = np.random.default_rng(0).integers(0, 20_000, (50, 100)).astype(np.int32)
    assert np.abs(fused_model(ids) - keras_model(ids)).max() <= 1e-5
    gradients = (compute_loss_gradients(model, ids) for model in models)
    for expected, gradient in zip(*gradients, strict=True):
        assert np.abs(gradient - expected).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_kernels_train_to_equal_weights(name: str) -> None:
    ids = np.random.default_rng(1).integers(0, 30, (64, 7)).astype(np.int32)
    labels = (ids[:, 0] > 14).astype(np.uint8)
    trained = []
    for kernel in ("fused", "keras"):
        keras.utils.set_random_seed(0)
        model = build(
            NetworkConfig(
                name=name,  # type: ignore[arg-type]
                num_words=30,
                maxlen=7,
                embedding_dim=5,
                settings={"units": 6},
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


@pytest.fixture
def set_cores(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Return a function that sets the number of cores that the kernel uses."""

    def set_cores(cores: int) -> None:
        for module in ("threads", "matrix_product"):
            monkeypatch.setattr(f"birnn.layers.{module}.usable_cores", lambda: cores)
        threads._pool.cache_clear()  # noqa: SLF001

    yield set_cores
    threads._pool.cache_clear()  # noqa: SLF001


@pytest.mark.parametrize("name", LAYERS)
def test_core_count_changes_no_byte(name: str, set_cores: Callable[[int], None]) -> None:
    _, model = build_pair(name)
    ids = np.random.default_rng(0).integers(0, 30, (61, 7)).astype(np.int32)
    results = []
    for cores in (1, 8):
        set_cores(cores)
        arrays = [model(ids).numpy(), *compute_loss_gradients(model, ids)]
        results.append([array.tobytes() for array in arrays])
    assert results[0] == results[1]


@given(
    rows=st.integers(1, 40),
    terms=st.integers(1, 600),
    columns=st.integers(1, 40),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=30)
def test_matrix_product_and_its_gradient_equal_tensorflow(
    rows: int, terms: int, columns: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    shapes = (rows, terms), (terms, columns), (rows, columns)
    a, b, upstream = (tf.constant(rng.normal(size=shape), tf.float32) for shape in shapes)
    results = []
    for product in (matrix_product, tf.matmul):
        with tf.GradientTape() as tape:
            tape.watch([a, b])
            result = product(a, b)
        results.append([result, *tape.gradient(result, [a, b], upstream)])
    for ours, expected in zip(*results, strict=True):
        assert np.abs(ours - expected).max() <= 2e-6 * max(rows, terms, columns)


def test_kernel_compiles_once() -> None:
    # Another dtype or memory layout would be compiled again, which takes seconds.
    _, model = build_pair("bilstm")
    ids = np.zeros((9, 7), np.int32)
    model.predict_on_batch(ids)
    compute_loss_gradients(model, ids)
    assert [len(function.signatures) for function in COMPILED] == [1, 1]
    assert len(add_rows_of_product.signatures) == 2  # a matrix, or a transposed one, times a matrix


KERNEL_SCRIPT = """
import sys
import numpy as np
from birnn.layers import kernel

file, lanes = sys.argv[1:]
kernel.LANES = int(lanes)
rng = np.random.default_rng(0)
words = rng.integers(0, 90, (19, 20), np.int32)
lengths = np.sort(rng.integers(1, 21, 19)).astype(np.int32)
features = rng.normal(0, 1, (19, 20, 3)).astype(np.float32)
arrays = []
for gates, is_gru, pooled in ((4, False, False), (3, True, False), (4, False, True)):
    shapes = (90, gates * 50), (3, gates * 50), (50, gates * 50), (gates * 50,)
    weights = tuple(rng.normal(0, 0.2, shape).astype(np.float32) for shape in shapes)
    inputs = words, lengths if pooled else np.full(19, 20, np.int32), features
    result = np.zeros((19, 100 if pooled else 50), np.float32)
    kernel.compute_outputs(inputs, weights, is_gru, pooled, result)
    gradients = tuple(np.zeros_like(tensor) for tensor in weights)
    kernel.compute_gradients(inputs, weights, is_gru, pooled, result, gradients)
    arrays += [result, *gradients]
a, b = (rng.normal(0, 1, shape).astype(np.float32) for shape in ((20, 700), (700, 64)))
product = np.zeros((24, 64), np.float32)
kernel.add_rows_of_product(a, b, 0, 20, product)
arrays.append(product[:20])
np.savez(file, *arrays)
"""


def run_kernel(folder: Path, lanes: int, cache: str) -> list[NDArray[np.float32]]:
    """Return outputs and gradients that a new process computes with LANES set to `lanes`."""
    file = folder / "arrays.npz"
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder / cache)}
    command = [sys.executable, "-c", KERNEL_SCRIPT, str(file), str(lanes)]
    subprocess.run(command, check=True, env=environment)
    with np.load(file) as arrays:
        return [arrays[name] for name in arrays.files]


@pytest.mark.exhaustive
def test_compiled_and_cached_kernels_give_equal_bytes(tmp_path: Path) -> None:
    compiled, loaded = (run_kernel(tmp_path, LANES, "cache") for _ in range(2))
    assert len(list(tmp_path.rglob("*.nbc"))) == len(COMPILED) + 1  # and a matrix product
    assert [array.tobytes() for array in loaded] == [array.tobytes() for array in compiled]


@pytest.mark.exhaustive
def test_register_width_changes_no_byte(tmp_path: Path) -> None:
    narrow, wide = (run_kernel(tmp_path, lanes, str(lanes)) for lanes in (8, 32))
    assert [array.tobytes() for array in narrow] == [array.tobytes() for array in wide]


def test_nan_weights_give_nan_predictions() -> None:
    # Training stops if the loss is not finite, so the clipping in tanh must not hide NaN.
    _, model = build_pair("bilstm")
    weights = model.get_weights()
    weights[0][:] = np.nan
    model.set_weights(weights)
    assert np.isnan(model(np.zeros((1, 7), np.int32)).numpy()).all()


@cached
def squash(x: Any, out: Any) -> None:
    for row in range(x.shape[0]):
        out[row, 0], out[row, 1] = tanh(x[row]), sigmoid(x[row])


def test_tanh_and_sigmoid_are_accurate() -> None:
    x = np.linspace(-30, 30, 300_001, dtype=np.float32)
    out = np.empty((len(x), 2), np.float32)
    squash(x, out)
    assert np.abs(out[:, 0] - np.tanh(x.astype(np.float64))).max() <= 2e-7
    assert np.abs(out[:, 1] - 1 / (1 + np.exp(-x.astype(np.float64)))).max() <= 2e-7
    ends = np.array([-np.inf, np.inf, np.nan], np.float32)
    squash(ends, out[:3])
    assert out[:2, 0].tolist() == pytest.approx([-1, 1])
    assert np.isnan(out[2]).all()


def test_auto_kernel_is_keras_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    network = NetworkConfig(
        name="bigru",
        num_words=9,
        maxlen=3,
        embedding_dim=2,
        settings={"units": 2},
        dropout=0,
        kernel="auto",
    )
    assert isinstance(build(network), FusedNetwork)
    monkeypatch.setattr("birnn.networks.network.accelerators", lambda: ["a GPU"])
    assert not isinstance(build(network), FusedNetwork)


@keras.saving.register_keras_serializable()
class OtherCell(keras.layers.LSTMCell):
    """A cell that could compute anything."""


UNSUPPORTED = [
    keras.layers.SimpleRNN(2),
    keras.layers.RNN(OtherCell(2)),
    keras.layers.LSTM(2, recurrent_dropout=0.1),
    keras.layers.GRU(2, activation="relu"),
    keras.layers.GRU(2, reset_after=False),
    keras.layers.GRU(2, use_bias=False),
    keras.layers.GlobalAveragePooling1D(),
]


@pytest.mark.parametrize("layer", UNSUPPORTED, ids=lambda layer: layer.name)
def test_kernel_refuses_layers_that_it_does_not_compute(layer: keras.Layer) -> None:
    network = Network("other", title="Other", color="pink", build=lambda _settings: layer)
    config = NetworkConfig(
        name="other",
        settings={},
        num_words=9,
        maxlen=3,
        embedding_dim=2,
        dropout=0,
        kernel="fused",
    )
    with pytest.raises(InputError, match="the kernel cannot run other, only an LSTM or a GRU"):
        build_network(network, config)
    automatic = build_network(network, config.model_copy(update={"kernel": "auto"}))
    assert not isinstance(automatic, FusedNetwork)


@keras.saving.register_keras_serializable()
class OtherLstm(keras.layers.LSTM):
    """A layer that could compute anything, with Keras's cell."""


def test_kernel_supports_only_the_layers_that_it_knows() -> None:
    assert fused.find_cell(OtherLstm(2)) is None
    assert fused.find_cell(keras.layers.LSTM(2, go_backwards=True)) is None
    assert fused.find_cell(keras.layers.Bidirectional(keras.layers.LSTM(2))) is None
    assert fused.find_cell(keras.layers.LSTM(2)) == "lstm"
    assert fused.find_cell(keras.layers.GRU(2)) == "gru"


def test_thread_pool_uses_all_cores() -> None:
    assert threads._pool()._max_workers == machine.usable_cores()  # noqa: SLF001
