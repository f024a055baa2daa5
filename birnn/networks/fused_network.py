"""Networks of Keras's layers, as Keras computes them, or with the recurrent layer in `kernel`.

The input part of the gates is computed once per distinct word of a batch instead of once per
position. The directions and the parts of a batch run in parallel.
"""

from collections.abc import Callable, Sequence
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
from birnn.networks.pooling import POOLS, Pooling, call_layer, recurrent_layers

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
}


def find_cell(layer: keras.Layer) -> Cell | None:
    """Return the kernel's name of a recurrent layer's cell, None if the kernel cannot run it.

    It can in both directions.
    """
    cell: Any = getattr(layer, "cell", None)
    if type(layer) not in LAYERS or type(cell) not in CELLS:
        return None
    options = cell.get_config() | {"stateful": layer.stateful}
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
        """Create a network from layers, the second of which has this cell."""
        super().__init__(layers, name=name)
        self._cell = cell

    def classify(self, words: Words, *, training: bool | None) -> tf.Tensor:
        """Return log-odds, shape (reviews, 1)."""
        _, layer, dropout, output = self.layers
        directions, pooled = recurrent_layers(layer), isinstance(layer, Pooling)
        fused = FusedLayer(self._cell, pooled, [each.go_backwards for each in directions])
        outputs = recurrent_outputs(words, [each.cell for each in directions], fused)
        if pooled:
            outputs = layer.append_evidence(outputs, words.fixed)
        outputs = dropout(outputs, training=training)
        return matrix_product(outputs, tf.convert_to_tensor(output.kernel)) + output.bias


def recurrent_outputs(words: Words, cells: Sequence[keras.Layer], layer: "FusedLayer") -> tf.Tensor:
    """Return the outputs of all directions, float32, shape (reviews, outputs).

    Args:
        words: the batch.
        cells: Keras's cell of each direction.
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
        return tf.ensure_shape(result, (None, len(cells) * outputs)), gradient

    weights = (tensor for cell in cells for tensor in _weights(cell, words))
    return compute(words.learned, *weights)


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
class FusedLayer:
    """A recurrent layer in `kernel`, as functions of NumPy arrays that run in parallel."""

    cell: Cell  # the cell of the layer
    pooled: bool  # returns maximum and mean of each unit over the words, else the last states
    backward: Sequence[bool]  # for each direction, whether it starts with the last word

    def outputs(
        self, words: Ints, mask: Mask, fixed: Floats, learned: Floats, *weights: Floats
    ) -> Floats:
        """Return the outputs of the layer, shape (reviews, outputs)."""
        order, _, directions = _sort_inputs(self.backward, words, mask, fixed, learned)
        _, _, recurrent, *_ = weights
        outputs = len(recurrent) * (POOLS if self.pooled else 1)
        tensors = _split_weights(weights, len(directions))
        result = np.empty((len(directions), len(words), outputs), np.float32)

        def work(direction: int, rows: slice) -> None:
            inputs = tuple(array[rows] for array in directions[direction])
            options = self.cell == "gru", self.pooled
            compute_outputs(inputs, tensors[direction], *options, result[direction, rows])

        _run_on_parts(work, len(directions), len(words))
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
        order, places, directions = _sort_inputs(self.backward, words, mask, fixed, learned)
        shares = np.split(output_gradient[order], len(directions), axis=1)
        tensors = _split_weights(weights, len(directions))
        direction_gradients = [np.ascontiguousarray(share) for share in shares]
        sorted_words, lengths, _ = directions[0]
        shape = len(directions), *sorted_words.shape, learned.shape[2]
        learned_gradients = np.zeros(shape, np.float32)

        def work(direction: int, rows: slice) -> tuple[Floats, ...]:
            inputs = tuple(array[rows] for array in directions[direction])
            parts = direction_gradients[direction][rows], learned_gradients[direction, rows]
            sums = tuple(np.zeros_like(tensor) for tensor in tensors[direction])
            options = self.cell == "gru", self.pooled
            compute_gradients(inputs, tensors[direction], *options, *parts, sums)
            return sums

        sums: list[Floats] = []
        for parts in _run_on_parts(work, len(directions), len(words)):
            sums += [reduce(np.add, arrays) for arrays in zip(*parts, strict=True)]
        learned_sums = np.zeros_like(learned)
        inside = np.arange(sorted_words.shape[1]) < lengths[:, None]
        for place, gradient in zip(places, learned_gradients, strict=True):
            learned_sums[*(index[inside] for index in place)] += gradient[inside]
        return [learned_sums, *sums]


def _split_weights(weights: tuple[Floats, ...], directions: int) -> list[tuple[Floats, ...]]:
    """Return the weights of each direction."""
    size = len(weights) // directions
    return [weights[start : start + size] for start in range(0, len(weights), size)]


def _sort_inputs(
    backward: Sequence[bool], words: Ints, mask: Mask, fixed: Floats, learned: Floats
) -> tuple[NDArray[np.intp], list[Any], list[Any]]:
    """Return the order of the reviews by length, and for each direction places and inputs.

    The inputs of `kernel` are in this order, without padding: a forward direction starts with the
    first word of a review, a backward direction with the last. Their places are the rows and the
    columns that they come from.
    """
    lengths = mask.sum(axis=1, dtype=np.int32)
    order = np.argsort(lengths, kind="stable")
    lengths, rows = lengths[order], order[:, None]
    column = np.arange(lengths.max(initial=0))
    first = mask[order].argmax(axis=1)[:, None]
    last = first + lengths[:, None] - 1
    columns = np.minimum(first + column, last), np.maximum(last - column, first)
    places = [np.broadcast_arrays(rows, columns[is_backward]) for is_backward in backward]
    features = np.concatenate([fixed, learned], axis=-1)
    return order, places, [(words[*place], lengths, features[*place]) for place in places]


def _run_on_parts(
    work: Callable[[int, slice], Any], directions: int, reviews: int
) -> list[list[Any]]:
    """Run `work` on every part of the reviews, and return the results per direction.

    The split decides how the sum of the gradients is rounded, so it does not depend on the number
    of cores. There is a part even if there are no reviews: with several devices, a device may get
    no share of a small batch.
    """
    step = max(1, -(-reviews // (PARTS * ROWS))) * ROWS
    parts = [slice(row, row + step) for row in range(0, max(1, reviews), step)]
    results = run_parallel(
        partial(work, direction, part) for direction in range(directions) for part in parts
    )
    return [results[start : start + len(parts)] for start in range(0, len(results), len(parts))]
