"""Networks of Keras's layers, as Keras computes them, or with the recurrent layer in `kernel`.

The input part of the gates is computed once per distinct word of a batch instead of once per
position. The two directions and the parts of a batch run in parallel.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from birnn.networks.embeddings import Words
from birnn.networks.kernel.kernel import ROWS, Cell, compute_gradients, compute_outputs
from birnn.networks.kernel.matrix_product import matrix_product, run_parallel
from birnn.networks.pooling import DIRECTIONS, POOLS, PooledBidirectional, call_layer

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Mask = NDArray[np.bool_]

PARTS = 4  # the most parts into which a batch is split, to use several cores

# The kernel runs exactly these types, because a subclass could compute something else.
LAYERS = {keras.layers.LSTM, keras.layers.GRU, keras.layers.RNN}
CELLS: dict[type[keras.layers.Layer], Cell] = {
    keras.layers.LSTMCell: "lstm",
    keras.layers.GRUCell: "gru",
}
# The options that change what a layer computes, with the values that the kernel assumes.
ASSUMED = {
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "use_bias": True,
    "reset_after": True,
    "dropout": 0,
    "recurrent_dropout": 0,
    "stateful": False,
    "go_backwards": False,
}


def find_cell(layer: keras.Layer) -> Cell | None:
    """Return the kernel's name of a recurrent layer's cell, None if the kernel cannot run it."""
    cell: Any = getattr(layer, "cell", None)
    if type(layer) not in LAYERS or type(cell) not in CELLS:
        return None
    options = cell.get_config() | {"stateful": layer.stateful, "go_backwards": layer.go_backwards}
    is_assumed = all(options.get(name, value) == value for name, value in ASSUMED.items())
    return CELLS[type(cell)] if is_assumed else None


class LayeredNetwork(keras.Sequential):  # type: ignore[misc]  # Keras comes without types
    """A network that looks up words, and calls its other Keras layers one after another."""

    def call(self, inputs: Any, training: bool | None = None) -> tf.Tensor:  # noqa: FBT001  # as Keras calls it
        """Return log-odds, shape (reviews, 1), for the inputs of `Embedding`."""
        words = self.layers[0].look_up(inputs, training=training)
        return self.classify(words, training=training)

    def classify(self, words: Words, *, training: bool | None) -> tf.Tensor:
        """Return log-odds, shape (reviews, 1)."""
        embedding, layer, dropout, output = self.layers
        states = call_layer(layer, embedding.concatenate(words), words.mask, training=training)
        return output(dropout(states, training=training))


class FusedNetwork(LayeredNetwork):
    """A network from `build_network` whose recurrent layer is computed by `kernel`."""

    def __init__(self, cell: Cell, layers: list[keras.layers.Layer], name: str) -> None:
        """Create a network from layers, the second of which is bidirectional and has this cell."""
        super().__init__(layers, name=name)
        self._cell = cell

    def classify(self, words: Words, *, training: bool | None) -> tf.Tensor:
        """Return log-odds, shape (reviews, 1)."""
        _, bidirectional, dropout, output = self.layers
        cells = bidirectional.forward_layer.cell, bidirectional.backward_layer.cell
        pooled = isinstance(bidirectional, PooledBidirectional)
        outputs = recurrent_outputs(words, cells, FusedBidirectional(self._cell, pooled))
        if pooled:
            outputs = bidirectional.append_evidence(outputs, words.fixed)
        outputs = dropout(outputs, training=training)
        return matrix_product(outputs, tf.convert_to_tensor(output.kernel)) + output.bias


def recurrent_outputs(
    words: Words, cells: tuple[keras.Layer, keras.Layer], layer: "FusedBidirectional"
) -> tf.Tensor:
    """Return the outputs of both directions, float32, shape (reviews, outputs).

    Args:
        words: the batch.
        cells: Keras's cells of the forward and the backward direction.
        layer: functions that compute the outputs and their gradients.
    """
    mask = tf.ones_like(words.indices, tf.bool) if words.mask is None else words.mask
    constants = [words.indices, mask, words.fixed]

    @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow comes without types
    def compute(*learned: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        inputs, shapes = [*constants, *learned], [tensor.shape for tensor in learned]

        def gradient(output_gradient: tf.Tensor) -> tf.Tensor:
            tensors, types = [output_gradient, *inputs], [tf.float32] * len(learned)
            gradients = tf.numpy_function(layer.gradients, tensors, types, stateful=False)
            return [tf.ensure_shape(*pair) for pair in zip(gradients, shapes, strict=True)]

        result = tf.numpy_function(layer.outputs, inputs, tf.float32, stateful=False)
        outputs = cells[0].units * (POOLS if layer.pooled else 1)
        return tf.ensure_shape(result, (None, DIRECTIONS * outputs)), gradient

    forward, backward = (_weights(cell, words) for cell in cells)
    return compute(words.learned, *forward, *backward)


def _weights(cell: keras.Layer, words: Words) -> list[tf.Tensor]:
    """Return the weights for `kernel`: `projected`, `kernel`, `recurrent` and `bias`."""
    inputs, recurrent, bias = (tf.convert_to_tensor(variable) for variable in cell.weights)
    input_bias, state_bias = (
        (bias[0], bias[1]) if len(bias.shape) > 1 else (bias, tf.zeros_like(bias))
    )
    dim = words.vectors.shape[1]
    projected = matrix_product(words.vectors, inputs[:dim]) + input_bias
    return [projected, inputs[dim:], recurrent, state_bias]


@dataclass(frozen=True)
class FusedBidirectional:
    """A bidirectional layer in `kernel`, as functions of NumPy arrays that run in parallel."""

    cell: Cell  # the cell of the layer
    pooled: bool  # returns maximum and mean of each unit over the words, else the last states

    def outputs(
        self, words: Ints, mask: Mask, fixed: Floats, learned: Floats, *weights: Floats
    ) -> Floats:
        """Return the outputs of the layer, shape (reviews, outputs)."""
        order, _, directions = _sort_inputs(words, mask, fixed, learned)
        _, _, recurrent, *_ = weights
        outputs = len(recurrent) * (POOLS if self.pooled else 1)
        result = np.empty((DIRECTIONS, len(words), outputs), np.float32)

        def work(direction: int, rows: slice) -> None:
            inputs = tuple(array[rows] for array in directions[direction])
            part, tensors = result[direction, rows], _split_weights(weights)[direction]
            compute_outputs(inputs, tensors, self.cell == "gru", self.pooled, part)

        _run_on_parts(work, len(words))
        in_input_order = np.empty_like(result)
        in_input_order[:, order] = result
        return np.concatenate(in_input_order, axis=1)

    def gradients(
        self,
        output_gradient: Floats,
        words: Ints,
        mask: Mask,
        fixed: Floats,
        learned: Floats,
        *weights: Floats,
    ) -> list[Floats]:
        """Return the gradients of `learned` and `weights`, given the gradient of the outputs."""
        order, places, directions = _sort_inputs(words, mask, fixed, learned)
        halves = np.split(output_gradient[order], DIRECTIONS, axis=1)
        direction_gradients = [np.ascontiguousarray(half) for half in halves]
        sorted_words, lengths, _ = directions[0]
        shape = DIRECTIONS, *sorted_words.shape, learned.shape[2]
        learned_gradients = np.zeros(shape, np.float32)

        def work(direction: int, rows: slice) -> tuple[Floats, ...]:
            inputs = tuple(array[rows] for array in directions[direction])
            part, tensors = direction_gradients[direction][rows], _split_weights(weights)[direction]
            sums = tuple(np.zeros_like(tensor) for tensor in tensors)
            learned_part = learned_gradients[direction, rows]
            options = self.cell == "gru", self.pooled
            compute_gradients(inputs, tensors, *options, part, learned_part, sums)
            return sums

        sums: list[Floats] = []
        for parts in _run_on_parts(work, len(words)):
            sums += [reduce(np.add, tensors) for tensors in zip(*parts, strict=True)]
        learned_sums = np.zeros_like(learned)
        inside = np.arange(sorted_words.shape[1]) < lengths[:, None]
        for place, gradient in zip(places, learned_gradients, strict=True):
            learned_sums[*(index[inside] for index in place)] += gradient[inside]
        return [learned_sums, *sums]


def _split_weights(weights: tuple[Floats, ...]) -> list[tuple[Floats, ...]]:
    """Return the weights of each direction."""
    half = len(weights) // DIRECTIONS
    return [weights[:half], weights[half:]]


def _sort_inputs(
    words: Ints, mask: Mask, fixed: Floats, learned: Floats
) -> tuple[NDArray[np.intp], list[Any], list[Any]]:
    """Return the order of the reviews by length, and for each direction places and inputs.

    The inputs of `kernel` are in this order, without padding: the forward direction starts with the
    first word of a review, the backward direction with the last. Their places are the rows and the
    columns that they come from.
    """
    lengths = mask.sum(axis=1, dtype=np.int32)
    order = np.argsort(lengths, kind="stable")
    lengths, rows = lengths[order], order[:, None]
    column = np.arange(lengths.max(initial=0))
    first = mask[order].argmax(axis=1)[:, None]
    last = first + lengths[:, None] - 1
    columns = np.minimum(first + column, last), np.maximum(last - column, first)
    places = [np.broadcast_arrays(rows, column) for column in columns]
    features = np.concatenate([fixed, learned], axis=-1)
    return order, places, [(words[*place], lengths, features[*place]) for place in places]


def _run_on_parts(work: Callable[[int, slice], Any], reviews: int) -> list[list[Any]]:
    """Run `work` on every part of the reviews, and return the results per direction.

    The split decides how the sum of the gradients is rounded, so it does not depend on the number
    of cores. There is a part even if there are no reviews: with several devices, a device may get
    no share of a small batch.
    """
    step = max(1, -(-reviews // (PARTS * ROWS))) * ROWS
    parts = [slice(row, row + step) for row in range(0, max(1, reviews), step)]
    results = run_parallel(
        partial(work, direction, part) for direction in range(DIRECTIONS) for part in parts
    )
    return [results[: len(parts)], results[len(parts) :]]
