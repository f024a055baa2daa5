"""Matrix products whose results do not depend on the CPU or on the number of cores, and threads.

In TensorFlow's products, oneDNN adds the terms in an order that depends on the instruction set and
the number of cores.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from birnn.core.machine import usable_cores
from birnn.networks.kernel import kernel
from birnn.networks.kernel.kernel import LANES, ROWS, round_up

Matrix = NDArray[np.float32]
Result = TypeVar("Result")


def run_parallel(calls: Iterable[Callable[[], Result]]) -> list[Result]:
    """Call functions that release the GIL in one thread per core, and return their results."""
    running = [_pool().submit(call) for call in calls]
    return [call.result() for call in running]


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(usable_cores(), initializer=kernel.enter_thread)


@tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow comes without types
def matrix_product(a: tf.Tensor, b: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], Any]]:
    """Return the product of two matrices, float32; its gradient is as reproducible."""

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # Two operations, because TensorFlow skips one whose result is not used.
        return _product(upstream, tf.transpose(b)), _product(tf.transpose(a), upstream)

    return _product(a, b), gradient


def _product(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    result = tf.numpy_function(_multiply_in_parallel, [a, b], tf.float32, stateful=False)
    return tf.ensure_shape(result, (a.shape[0], b.shape[1]))


def _multiply_in_parallel(a: Matrix, b: Matrix) -> Matrix:
    """Return the product, computed on all cores."""
    rows, columns = len(a), b.shape[1]
    padding = round_up(columns, LANES) - columns
    padded = np.ascontiguousarray(np.pad(b, [(0, 0), (0, padding)]) if padding else b)
    result = np.zeros((round_up(rows, ROWS), columns + padding), np.float32)
    step = max(ROWS, round_up(-(-rows // usable_cores()), ROWS))
    run_parallel(
        partial(kernel.add_rows_of_product, a, padded, start, min(start + step, rows), result)
        for start in range(0, rows, step)
    )
    return np.ascontiguousarray(result[:rows, :columns])
