"""What a bidirectional network costs, in parameters and in multiply-adds.

Per direction, with u units and d numbers a word: an LSTM has 4 products of its input and its
state with u (d + u) weights a word, and 4 u biases; a GRU as cuDNN has it (`reset_after`) has 3
of each, and 3 u biases more.
"""

from birnn.networks.config import DIRECTIONS, Layer

PRODUCTS: dict[Layer, int] = {"lstm": 4, "gru": 3}
BIASES: dict[Layer, int] = {"lstm": 4, "gru": 6}


def recurrent_parameters(layer: Layer, inputs: int, units: int) -> int:
    """Return the parameters of the recurrent layer, both directions."""
    weights = PRODUCTS[layer] * units * (inputs + units)
    return DIRECTIONS * (weights + BIASES[layer] * units)


def multiply_adds(layer: Layer, inputs: int, units: int, words: int, outputs: int) -> int:
    """Return the multiply-adds of the matrix products that predict a review of so many words.

    The gates' element-wise work, a small part, is not in it.
    """
    a_word = DIRECTIONS * PRODUCTS[layer] * units * (inputs + units)
    return words * a_word + outputs


def matched_gru_units(embedding_dim: int, lstm_units: int) -> int:
    """Return the units with which a GRU comes closest to an LSTM in recurrent parameters."""
    wanted = recurrent_parameters("lstm", embedding_dim, lstm_units)
    # A GRU needs more units than an LSTM, and never twice as many.
    candidates = range(1, 2 * lstm_units + 1)
    return min(
        candidates,
        key=lambda units: abs(recurrent_parameters("gru", embedding_dim, units) - wanted),
    )
