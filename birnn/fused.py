"""A network whose recurrent layer is computed by `recurrence`, with the weights of Keras's layers.

The input's part of the gates is computed once for each distinct word of a batch, not for each
place; and both directions, and parts of the batch where there are cores, at the same time.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from birnn import recurrence
from birnn.machine import usable_cores

DIRECTIONS = 2

Floats = NDArray[np.float32]


class FusedNetwork(keras.Sequential):  # type: ignore[misc]  # Keras comes without types
    """An embedding, a bidirectional layer, dropout and an output, as `networks.build` has them."""

    def call(
        self,
        ids: tf.Tensor,
        training: bool | None = None,  # noqa: FBT001  # as Keras calls it
        mask: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Return the probabilities, shape (reviews, 1), of ids, shape (reviews, maxlen)."""
        del mask
        embedding, bidirectional, dropout, output = self.layers
        distinct, places = tf.unique(tf.reshape(ids, [-1]))
        words = tf.reshape(places, tf.shape(ids))
        cells = bidirectional.forward_layer.cell, bidirectional.backward_layer.cell
        last = last_states(words, tf.gather(embedding.embeddings, distinct), *cells)
        return output(dropout(last, training=training))


def last_states(
    words: tf.Tensor, vectors: tf.Tensor, forward: keras.Layer, backward: keras.Layer
) -> tf.Tensor:
    """Return the last states of both directions, float32, shape (reviews, 2 x units).

    `words`, int32, shape (reviews, time steps), are rows of `vectors`; the cells are Keras's.
    """
    is_gru = isinstance(forward, keras.layers.GRUCell)

    @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow comes without types
    def of_weights(*weights: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        def gradient(of_last: tf.Tensor) -> tf.Tensor:
            inputs, types = [of_last, words, is_gru, *weights], [tf.float32] * len(weights)
            found = tf.numpy_function(_gradients, inputs, types, stateful=False)
            return [tf.ensure_shape(*pair) for pair in zip(found, shapes, strict=True)]

        shapes = [weight.shape for weight in weights]
        inputs = [words, is_gru, *weights]
        last = tf.numpy_function(_last_states, inputs, tf.float32, stateful=False)
        return tf.ensure_shape(last, (None, DIRECTIONS * forward.units)), gradient

    return of_weights(*_weights(forward, vectors), *_weights(backward, vectors))


def _weights(cell: keras.Layer, vectors: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return what `recurrence` takes of a cell: `projected`, `recurrent` and `bias`."""
    kernel, recurrent, bias = (tf.convert_to_tensor(variable) for variable in cell.weights)
    of_input, of_state = (bias[0], bias[1]) if len(bias.shape) > 1 else (bias, tf.zeros_like(bias))
    return vectors @ kernel + of_input, recurrent, of_state


def _last_states(words: NDArray[np.int32], is_gru: np.bool_, *weights: Floats) -> Floats:
    directions = _directions(words, weights)
    last = np.empty((DIRECTIONS, len(words), weights[1].shape[0]), np.float32)

    def work(direction: int, rows: slice) -> None:
        words, *tensors = directions[direction]
        recurrence.last_states(words[rows], *tensors, bool(is_gru), last[direction, rows])

    _in_parallel(work, len(words))
    return np.concatenate(last, axis=1)


def _gradients(
    of_last: Floats, words: NDArray[np.int32], is_gru: np.bool_, *weights: Floats
) -> list[Floats]:
    """Return the gradients of the `weights`, given that of the last states."""
    directions = _directions(words, weights)
    of_directions = [np.ascontiguousarray(half) for half in np.split(of_last, DIRECTIONS, axis=1)]

    def work(direction: int, rows: slice) -> list[Floats]:
        words, *tensors = directions[direction]
        found = [np.zeros_like(tensor) for tensor in tensors]
        of_rows = of_directions[direction][rows]
        recurrence.gradients(words[rows], *tensors, bool(is_gru), of_rows, *found)
        return found

    gradients: list[Floats] = []
    for parts in _in_parallel(work, len(words)):
        projected, recurrent, bias = (sum(tensors) for tensors in zip(*parts, strict=True))
        gradients += [projected, recurrent, bias]
    return gradients


def _directions(words: NDArray[np.int32], weights: tuple[Floats, ...]) -> list[Any]:
    """Return for each direction the words in its order, `projected`, `recurrent` and `bias`."""
    ordered = words, np.ascontiguousarray(words[:, ::-1])
    directions = []
    for words_of_one, start in zip(ordered, (0, len(weights) // DIRECTIONS), strict=True):
        projected, recurrent, bias = weights[start : start + len(weights) // DIRECTIONS]
        directions.append((words_of_one, projected, recurrent, bias))
    return directions


def _in_parallel(work: Callable[[int, slice], Any], reviews: int) -> list[list[Any]]:
    """Return for each direction what `work` says of each part of the reviews, on all cores."""
    parts = max(1, usable_cores() // DIRECTIONS)
    step = max(1, -(-reviews // (parts * recurrence.ROWS))) * recurrence.ROWS
    pool = _threads()
    running = [
        [pool.submit(work, direction, slice(row, row + step)) for row in range(0, reviews, step)]
        for direction in range(DIRECTIONS)
    ]
    return [[part.result() for part in of_direction] for of_direction in running]


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(usable_cores())
