"""The weights of a trained network as arrays, for exports that compute it without TensorFlow."""

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from birnn.core.errors import InputError
from birnn.inference.network_model import networks_of
from birnn.inference.predictor import Predictor
from birnn.layers.fused import find_cell
from birnn.layers.kernel import Cell
from birnn.layers.pooling import PooledBidirectional
from birnn.text.ngrams import RatioTable

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class DirectionWeights:
    """The weights of one direction, with the gates in Keras's order (see `layers.kernel`)."""

    kernel: Floats  # weights of the input, float32, shape (features, gates x units)
    recurrent: Floats  # weights of the state, float32, shape (units, gates x units)
    input_bias: Floats  # bias of the input part, float32, shape (gates x units,)
    state_bias: Floats  # bias of the state part, likewise; zeros for an LSTM


@dataclass(frozen=True)
class RecurrentWeights:
    """The weights of a bidirectional network."""

    cell: Cell  # lstm or gru
    # True if the output reads the maximum and mean over the words, False if it reads the last
    # states.
    pooled: bool
    vectors: Floats  # word vectors, float32, shape (num_words, embedding_dim)
    table: RatioTable | None  # ratios of n-grams; None if the network does not read them
    directions: list[DirectionWeights]  # weights of the forward and the backward direction
    output: Floats  # weights of the output, float32, shape (outputs of the layer, 1)
    output_bias: Floats  # bias of the output, float32, shape (1,)

    @property
    def longest_ngram(self) -> int:
        """The longest n-gram whose ratio is an input, in words."""
        return len(self.directions[0].kernel) - int(self.vectors.shape[1])


def read_weights(predictor: Predictor) -> dict[str, RecurrentWeights]:
    """Return the weights of a predictor's networks by name."""
    networks = networks_of(predictor).items()
    weights = {name: _network_weights(model.network) for name, model in networks}
    if others := [name for name, found in weights.items() if found is None]:
        supported = [f", or add --model {name}" for name in weights if name not in others]
        raise InputError(
            f"not an LSTM or a GRU with Keras's default options: {', '.join(others)}. Export a "
            f".zip file{''.join(supported[:1])}"
        )
    return {name: found for name, found in weights.items() if found}


def _network_weights(model: keras.Model) -> RecurrentWeights | None:
    embedding, layer, _, output = model.layers
    cell = find_cell(getattr(layer, "forward_layer", None))
    if cell is None:
        return None
    table = embedding.table
    return RecurrentWeights(
        cell=cell,
        pooled=isinstance(layer, PooledBidirectional),
        vectors=embedding.embeddings.numpy(),
        table=table and RatioTable(table.codes.numpy(), table.ratios.numpy()),
        directions=[
            _direction_weights(each.cell) for each in (layer.forward_layer, layer.backward_layer)
        ],
        output=output.kernel.numpy(),
        output_bias=output.bias.numpy(),
    )


def _direction_weights(cell: keras.Layer) -> DirectionWeights:
    kernel, recurrent, bias = (weight.numpy() for weight in cell.weights)
    input_bias, state_bias = bias if bias.ndim > 1 else (bias, np.zeros_like(bias))
    return DirectionWeights(kernel, recurrent, input_bias, state_bias)
