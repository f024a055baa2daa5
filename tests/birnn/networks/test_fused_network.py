"""Tests of the fused kernel, compared with Keras's own layers of equal weights."""

import subprocess
import sys
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from birnn.core import machine
from birnn.networks.definition import Network
from birnn.networks.fused_network import FusedNetwork, find_cell
from birnn.networks.kernel import kernel
from birnn.networks.kernel.matrix_product import matrix_product
from birnn.networks.network import build_network
from birnn.runtime.errors import InputError
from tests.birnn.small_networks import LAYERS, build, config, set_large_weights
from tests.projects import PROJECT


def compute_loss_gradients(model: keras.Sequential, ids: NDArray[Any]) -> list[NDArray[Any]]:
    """Return the dense gradients of a loss that depends on every review."""
    factors = np.linspace(-1, 2, len(ids), dtype=np.float32)[:, None]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(factors * model(ids))
    gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
    return [tf.convert_to_tensor(gradient).numpy() for gradient in gradients]


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(
    ("count", "maxlen", "units", "dim", "pooling", "direction", "ngram", "regions"),
    [
        (1, 1, 1, 1, "last", "both", 0, []),
        (41, 12, 9, 6, "last", "both", 2, [3, 5]),
        (8, 7, 3, 4, "max_mean", "both", 0, []),
        (41, 12, 9, 6, "max_mean", "both", 3, [3, 5]),
        (41, 12, 9, 6, "last", "forward", 2, [3, 5]),
        (8, 7, 3, 4, "last", "backward", 0, []),
        (8, 7, 3, 4, "max_mean", "forward", 0, []),
        (41, 12, 9, 6, "max_mean", "backward", 3, [3, 5]),
    ],
)
def test_kernels_give_equal_outputs_and_gradients(
    name: str,
    count: int,
    maxlen: int,
    units: int,
    dim: int,
    pooling: str,
    direction: str,
    ngram: int,
    regions: list[int],
) -> None:
    shape = {"maxlen": maxlen, "settings": {"units": units}, "embedding_dim": dim}
    shape |= {"pooling": pooling, "direction": direction}
    shape |= {"longest_ngram": ngram, "ngrams": 5, "regions": regions}
    models = [build(config(name, kernel=kernel, **shape)) for kernel in ("fused", "keras")]
    assert [isinstance(model, FusedNetwork) for model in models] == [True, False]
    set_large_weights(*models)
    rng = np.random.default_rng(0)
    ids = rng.integers(1, 30, (count, maxlen), np.int32)
    ids[np.arange(maxlen) < rng.integers(0, maxlen, (count, 1))] = 0
    for further in (further for model in models for further in model.layers[0].further):
        for codes, values in zip(further.arrays[::2], further.arrays[1::2], strict=True):
            codes.assign(range(3, 3 + codes.shape[0]))
            values.assign(np.random.default_rng(0).normal(0, 0.5, values.shape))
    outputs, expected = (model(ids).numpy() for model in models)
    assert outputs == pytest.approx(expected, rel=1e-5, abs=1e-5)
    gradients = (compute_loss_gradients(model, ids) for model in models)
    for gradient, expected in zip(*gradients, strict=True):
        assert gradient == pytest.approx(expected, rel=1e-4, abs=2e-5 * count)


def test_kernel_compiles_once_and_can_be_skipped() -> None:
    network = build(config(kernel="fused"))
    # Another dtype or memory layout would be compiled again, which takes seconds.
    ids = np.zeros((9, 7), np.int32)
    network.predict_on_batch(ids)
    compute_loss_gradients(network, ids)
    functions = kernel.compute_outputs, kernel.compute_gradients, kernel.add_rows_of_product
    for compiled in functions:
        assert len(compiled.signatures) == 1
    # A stateful operation would run even if nothing used its result.
    call = tf.function(lambda: tf.gradients(network(ids), network.layers[0].embeddings.value))
    operations = call.get_concrete_function().graph.get_operations()
    assert "PyFunc" not in {operation.type for operation in operations}


def test_gradient_of_a_fixed_factor_is_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    fixed, trained = tf.ones((2, 3)), tf.ones((3, 4))
    shapes: list[tuple[int, ...]] = []

    def multiply(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
        shapes.append((*a.shape, *b.shape))
        return a @ b

    monkeypatch.setattr("birnn.networks.kernel.matrix_product._multiply_in_parallel", multiply)
    tf.function(lambda: tf.gradients(matrix_product(fixed, trained), trained))()
    assert shapes == [(3, 2, 2, 4)]


@settings(max_examples=12)
@given(st.integers(1, 40), st.integers(1, 600), st.integers(1, 40), st.integers(0, 2**16))
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


@pytest.mark.skipif(not machine.has_x86_64_v3(), reason="other CPUs keep their mode")
def test_denormal_products_are_0_whichever_thread_calls_first() -> None:
    code = """
import tensorflow as tf
from birnn.networks.kernel.matrix_product import matrix_product
small, one = tf.constant([[8e-20]]), tf.constant([[1e-20]])
print(float(tf.cast(matrix_product(small, one)[0, 0] > 0, tf.float32)))
"""
    output = subprocess.check_output([sys.executable, "-c", code], cwd=PROJECT, text=True)
    assert output == "0.0\n"


@kernel.cached
def squash(x: Any, out: Any) -> None:
    for row in range(x.shape[0]):
        out[row, 0], out[row, 1] = kernel.tanh(x[row]), kernel.sigmoid(x[row])


def test_tanh_and_sigmoid_are_accurate() -> None:
    x = np.linspace(-30, 30, 300_001, dtype=np.float32)
    out = np.empty((len(x), 2), np.float32)
    squash(x, out)
    assert np.abs(out[:, 0] - np.tanh(x.astype(np.float64))).max() <= 2e-7
    assert np.abs(out[:, 1] - 1 / (1 + np.exp(-x.astype(np.float64)))).max() <= 2e-7
    ends = np.array([-np.inf, np.inf, np.nan], np.float32)
    squash(ends, out[:3])
    assert out[:2] == pytest.approx(np.array([[-1, 0], [1, 1]]))
    assert np.isnan(out[2]).all()


class OtherCell(keras.layers.LSTMCell):
    """A cell that could compute anything."""


class OtherLstm(keras.layers.LSTM):
    """A layer that could compute anything, with Keras's cell."""


UNSUPPORTED = [
    keras.layers.SimpleRNN(2),
    keras.layers.RNN(OtherCell(2)),
    keras.layers.LSTM(2, recurrent_dropout=0.1),
    keras.layers.LSTM(2, dropout=0.1),
    keras.layers.LSTM(2, stateful=True),
    keras.layers.GRU(2, activation="relu"),
    keras.layers.GRU(2, reset_after=False),
    keras.layers.GRU(2, use_bias=False),
    keras.layers.GlobalAveragePooling1D(),
    keras.layers.Bidirectional(keras.layers.LSTM(2)),
    OtherLstm(2),
]


def test_kernel_is_used_only_for_layers_that_it_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [each.name for each in UNSUPPORTED if find_cell(each)] == []
    assert find_cell(keras.layers.LSTM(2)) == "lstm"
    assert find_cell(keras.layers.GRU(2)) == "gru"
    network = Network("other", title="Other", color="pink", build=lambda _: UNSUPPORTED[0])
    with pytest.raises(InputError, match="the kernel cannot run other, only an LSTM or a GRU"):
        build_network(network, config("other", settings={}, kernel="fused"))
    automatic = build_network(network, config("other", settings={}))
    assert not isinstance(automatic, FusedNetwork)
    assert isinstance(build(config()), FusedNetwork)
    # This machine may have no GPU.
    monkeypatch.setattr("birnn.networks.network.accelerators", lambda: ["a GPU"])
    assert not isinstance(build(config()), FusedNetwork)
