"""A network whose recurrent layer is computed by `recurrence`, with the weights of Keras's layers.

The input's part of the gates is computed once for each distinct word of a batch, not for each
place; and both directions, and parts of the batch where there are cores, at the same time.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from birnn.core.machine import usable_cores
from birnn.networks.config import DIRECTIONS, POOLS
from birnn.networks.kernel import ROWS, compute_gradients, compute_outputs
from birnn.networks.layers import PooledBidirectional, Words

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Mask = NDArray[np.bool_]


class FusedNetwork(keras.Sequential):  # type: ignore[misc]  # Keras comes without types
    """An embedding, a bidirectional layer, dropout and an output, as `networks.build` has them."""

    def call(
        self,
        inputs: Any,
        training: bool | None = None,  # noqa: FBT001  # as Keras calls it
        mask: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Return the probabilities, shape (reviews, 1), of ids, shape (reviews, maxlen)."""
        del mask
        embedding, bidirectional, dropout, output = self.layers
        words = embedding.look_up(inputs, training=training)
        cells = bidirectional.forward_layer.cell, bidirectional.backward_layer.cell
        pooled = isinstance(bidirectional, PooledBidirectional)
        found = recurrent_outputs(words, cells, pooled=pooled)
        if pooled:
            found = bidirectional.beside_evidence(found, words.ratios)
        return output(dropout(found, training=training))


def recurrent_outputs(
    words: Words, cells: tuple[keras.Layer, keras.Layer], *, pooled: bool
) -> tf.Tensor:
    """Return what both directions give out, float32, shape (reviews, numbers).

    The cells are Keras's, of the forward and the backward direction. Of each direction that is the
    state after the last word, or where it is `pooled`, the maximum and the mean of each unit.
    """
    kernel = Kernel(isinstance(cells[0], keras.layers.GRUCell), pooled)
    mask = tf.ones_like(words.places, tf.bool) if words.mask is None else words.mask
    inputs = [words.places, mask, words.ratios]

    @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow comes without types
    def compute(*weights: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        def gradient(output_gradient: tf.Tensor) -> tf.Tensor:
            tensors, types = [output_gradient, *inputs, *weights], [tf.float32] * len(weights)
            found = tf.numpy_function(kernel.gradients, tensors, types, stateful=False)
            return [tf.ensure_shape(*pair) for pair in zip(found, shapes, strict=True)]

        shapes = [weight.shape for weight in weights]
        tensors = [*inputs, *weights]
        result = tf.numpy_function(kernel.outputs, tensors, tf.float32, stateful=False)
        numbers = cells[0].units * (POOLS if pooled else 1)
        return tf.ensure_shape(result, (None, DIRECTIONS * numbers)), gradient

    return compute(*_weights(cells[0], words.vectors), *_weights(cells[1], words.vectors))


def _weights(cell: keras.Layer, vectors: tf.Tensor) -> list[tf.Tensor]:
    """Return what `recurrence` takes of a cell: `projected`, `kernel`, `recurrent` and `bias`."""
    kernel, recurrent, bias = (tf.convert_to_tensor(variable) for variable in cell.weights)
    input_bias, state_bias = (
        (bias[0], bias[1]) if len(bias.shape) > 1 else (bias, tf.zeros_like(bias))
    )
    dim = vectors.shape[1]
    return [vectors @ kernel[:dim] + input_bias, kernel[dim:], recurrent, state_bias]


@dataclass(frozen=True)
class Kernel:
    """The loops of one layer, over both directions and all reviews of a batch.

    Attributes:
        is_gru: whether it is a GRU, else an LSTM.
        pooled: whether its states are pooled, else the last ones given out.
    """

    is_gru: bool
    pooled: bool

    def outputs(self, words: Ints, mask: Mask, ratios: Floats, *weights: Floats) -> Floats:
        """Return what the layer gives out, shape (reviews, numbers)."""
        order, directions = _directions(words, mask, ratios)
        numbers = weights[2].shape[0] * (POOLS if self.pooled else 1)
        result = np.empty((DIRECTIONS, len(words), numbers), np.float32)

        def work(direction: int, rows: slice) -> None:
            inputs = tuple(array[rows] for array in directions[direction])
            part, tensors = result[direction, rows], _halves(weights)[direction]
            compute_outputs(inputs, tensors, self.is_gru, self.pooled, part)

        _in_parallel(work, len(words))
        in_order = np.empty_like(result)
        in_order[:, order] = result
        return np.concatenate(in_order, axis=1)

    def gradients(
        self, output_gradient: Floats, words: Ints, mask: Mask, ratios: Floats, *weights: Floats
    ) -> list[Floats]:
        """Return the gradients of the `weights`, given that of the outputs."""
        order, directions = _directions(words, mask, ratios)
        halves = np.split(output_gradient[order], DIRECTIONS, axis=1)
        direction_gradients = [np.ascontiguousarray(half) for half in halves]

        def work(direction: int, rows: slice) -> tuple[Floats, ...]:
            inputs = tuple(array[rows] for array in directions[direction])
            part, tensors = direction_gradients[direction][rows], _halves(weights)[direction]
            found = tuple(np.zeros_like(tensor) for tensor in tensors)
            compute_gradients(inputs, tensors, self.is_gru, self.pooled, part, found)
            return found

        found: list[Floats] = []
        for parts in _in_parallel(work, len(words)):
            found += [sum(tensors) for tensors in zip(*parts, strict=True)]
        return found


def _halves(weights: tuple[Floats, ...]) -> list[tuple[Floats, ...]]:
    """Return the weights of each direction."""
    half = len(weights) // DIRECTIONS
    return [weights[:half], weights[half:]]


def _directions(words: Ints, mask: Mask, ratios: Floats) -> tuple[NDArray[np.intp], list[Any]]:
    """Return an order of the reviews, and in that the inputs of `recurrence` for each direction.

    The reviews come from the shortest to the longest, and begin with their first or last word.
    """
    lengths = mask.sum(axis=1, dtype=np.int32)
    order = np.argsort(lengths, kind="stable")
    lengths, rows = lengths[order], order[:, None]
    column = np.arange(lengths.max())
    first = mask[order].argmax(axis=1)[:, None]
    last = first + lengths[:, None] - 1
    forward, backward = np.minimum(first + column, last), np.maximum(last - column, first)
    return order, [
        (words[rows, places], lengths, ratios[rows, places]) for places in (forward, backward)
    ]


def _in_parallel(work: Callable[[int, slice], Any], reviews: int) -> list[list[Any]]:
    """Return for each direction what `work` says of each part of the reviews, on all cores."""
    parts = max(1, usable_cores() // DIRECTIONS)
    step = max(1, -(-reviews // (parts * ROWS))) * ROWS
    pool = _threads()
    running = [
        [pool.submit(work, direction, slice(row, row + step)) for row in range(0, reviews, step)]
        for direction in range(DIRECTIONS)
    ]
    return [[part.result() for part in parts] for parts in running]


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(usable_cores())
