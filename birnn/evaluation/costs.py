"""Parameters and multiply-adds of a network.

Let u be the number of units and d the number of inputs per word. Per direction, an LSTM has
4 u (d + u) weights and 4 u biases. A GRU has 3 u (d + u) weights and, as implemented in cuDNN
(`reset_after`), 6 u biases.
"""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Imported only for its type, because it loads TensorFlow.
    import keras


def layer_parameters(layer: "keras.Layer") -> int:
    """Return the number of parameters of a layer, in both directions if it is bidirectional."""
    return sum(math.prod(weight.shape) for weight in layer.weights)


def multiply_adds(layer: "keras.Layer", output: "keras.Layer", words: int) -> int:
    """Return the multiply-adds of all products with weights for a review of `words` words.

    Each weight of the layer takes one multiply-add per word, as in a recurrent layer, and each
    weight of the output layer one per review. Biases and element-wise operations are a small part
    and are not counted.
    """
    return words * _count_weights(layer) + _count_weights(output)


def _count_weights(layer: "keras.Layer") -> int:
    return sum(math.prod(each.shape) for each in layer.weights if each.name.endswith("kernel"))


def matched_gru_units(inputs: int, lstm_units: int) -> int:
    """Return the number of GRU units that best matches the LSTM's recurrent parameters."""
    target = 4 * lstm_units * (inputs + lstm_units + 1)
    # A GRU needs fewer than twice as many units as an LSTM.
    candidates = range(1, 2 * lstm_units + 1)
    return min(candidates, key=lambda units: abs(3 * units * (inputs + units + 2) - target))
