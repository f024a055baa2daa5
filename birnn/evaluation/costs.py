"""Parameters and multiply-adds of a bidirectional network.

Let u be the number of units and d the number of inputs per word. Per direction, an LSTM has
4 u (d + u) weights and 4 u biases. A GRU has 3 u (d + u) weights and, as implemented in cuDNN
(`reset_after`), 6 u biases. Each weight takes one multiply-add per word.
"""

from birnn.networks.config import DIRECTIONS, Layer

PRODUCTS: dict[Layer, int] = {"lstm": 4, "gru": 3}
BIASES: dict[Layer, int] = {"lstm": 4, "gru": 6}


def recurrent_parameters(layer: Layer, inputs: int, units: int) -> int:
    """Return the number of parameters of the recurrent layer, in both directions."""
    weights = PRODUCTS[layer] * units * (inputs + units)
    return DIRECTIONS * (weights + BIASES[layer] * units)


def multiply_adds(layer: Layer, inputs: int, units: int, words: int, outputs: int) -> int:
    """Return the multiply-adds of all matrix products for a review of `words` words.

    Element-wise operations are a small part and are not counted.
    """
    per_word = DIRECTIONS * PRODUCTS[layer] * units * (inputs + units)
    return words * per_word + outputs


def matched_gru_units(embedding_dim: int, lstm_units: int) -> int:
    """Return the number of GRU units that best matches the LSTM's recurrent parameters."""
    target = recurrent_parameters("lstm", embedding_dim, lstm_units)
    # A GRU needs fewer than twice as many units as an LSTM.
    candidates = range(1, 2 * lstm_units + 1)
    return min(
        candidates,
        key=lambda units: abs(recurrent_parameters("gru", embedding_dim, units) - target),
    )
