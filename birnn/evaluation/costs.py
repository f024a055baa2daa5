"""Parameters and multiply-adds of a network.

Let u be the number of units and d the number of inputs per word. Per direction, an LSTM has
4 u (d + u) weights and 4 u biases. A GRU has 3 u (d + u) weights and, as implemented in cuDNN
(`reset_after`), 6 u biases.
"""

import math

import keras


def recurrent_parameters(layer: keras.Layer) -> int:
    """Return the number of parameters of a recurrent layer in both directions, 0 for others."""
    return sum(math.prod(each.shape) for each in layer.weights) if _is_recurrent(layer) else 0


def multiply_adds(layer: keras.Layer, output: keras.Layer, words: int) -> int | None:
    """Return the multiply-adds of all products with weights for a review of `words` words.

    The output layer takes one multiply-add per weight, and a recurrent layer one per word and
    weight. Biases and element-wise operations are a small part and are not counted. The result is
    None if the layer has weights, but is not recurrent.
    """
    if layer.weights and not _is_recurrent(layer):
        return None
    return words * _count_matrix_elements(layer) + _count_matrix_elements(output)


def _is_recurrent(layer: keras.Layer) -> bool:
    return isinstance(layer, keras.layers.Bidirectional)


def _count_matrix_elements(layer: keras.Layer) -> int:
    """Return the number of elements of all matrices; the two biases of a GRU are not a matrix."""
    matrices = (
        each.shape
        for each in layer.weights
        if len(each.shape) > 1 and not each.name.endswith("bias")
    )
    return sum(map(math.prod, matrices))
