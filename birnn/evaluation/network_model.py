"""A trained network that classifies splits and new texts."""

import math
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from birnn.core.batching import BATCH_SIZE
from birnn.evaluation.array_types import LogOdds
from birnn.networks.network import count_parameters, predict
from birnn.networks.pooling import recurrent_layers
from birnn.reviews import encoding, sequences
from birnn.reviews.encoding import Encoding
from birnn.reviews.sequences import OUT_OF_VOCABULARY, PADDING


class NetworkModel:
    """A network and the encoding it was trained with."""

    def __init__(self, encoding: Encoding, network: keras.Model) -> None:
        """Use a network from `build_network`."""
        self.encoding = encoding
        self.network = network

    @cached_property
    def vocabulary(self) -> AbstractSet[str]:
        """The words that have an id."""
        return frozenset(self.encoding.words)

    def words_read(self, count: int) -> range:
        """Return which words of a text are left after truncation."""
        return encoding.words_read(count, self.encoding)

    def encode(self, tokens: pa.ListArray) -> NDArray[np.int32]:
        """Encode texts as padded sequences, int32, shape (texts, maxlen)."""
        return encoding.encode(tokens, self.encoding)

    def predict(self, tokens: pa.ListArray) -> NDArray[np.float32]:
        """Return the log-odds that each text is positive, float32, shape (texts,)."""
        return predict(self.network, self.encode(tokens))

    def changes(
        self, tokens: pa.ListArray, places: Sequence[NDArray[np.integer]]
    ) -> NDArray[np.float32]:
        """Return the changes of the log-odds if single words are replaced by an unknown one.

        `places` are, for each text, the words to replace one at a time; the network reads them. The
        result has all texts one after another, and is NaN for words that are unknown.
        """
        ids = self.encode(tokens)
        counts = [len(chosen) for chosen in places]
        columns = [
            np.flatnonzero(row >= OUT_OF_VOCABULARY)[
                chosen - self.words_read(len(words or [])).start
            ]
            for row, words, chosen in zip(ids, tokens.to_pylist(), places, strict=True)
        ]
        variants = np.repeat(ids, counts, axis=0)
        cells = np.arange(len(variants)), np.concatenate(columns)
        known = variants[cells] != OUT_OF_VOCABULARY
        variants[cells] = OUT_OF_VOCABULARY
        change = predict(self.network, variants) - np.repeat(predict(self.network, ids), counts)
        return np.where(known, change, np.float32("nan"))

    def predict_split(self, padded: Path, _corpus_file: Path) -> Iterator[tuple[LogOdds, int]]:
        """Yield the log-odds of each batch of padded reviews, and how many words it has."""
        padded_reviews, _ = sequences.read(padded)
        reads_padding = not self.network.layers[0].mask_zero
        for start in range(0, len(padded_reviews), BATCH_SIZE):
            batch = padded_reviews[start : start + BATCH_SIZE]
            words = batch.size if reads_padding else int(np.count_nonzero(batch != PADDING))
            yield predict(self.network, batch), words

    def cost(self, read: int) -> dict[str, Any]:
        """Return the cost of a review of `read` words.

        Let u be the number of units and d the number of inputs per word. Per direction, an LSTM has
        4 u (d + u) weights and 4 u biases. A GRU has 3 u (d + u) weights and, as implemented in
        cuDNN (`reset_after`), 6 u biases. The output layer takes one multiply-add per weight, and a
        recurrent layer and the linear maps of further inputs one per word and weight. Biases and
        element-wise operations are a small part and are not counted. The multiply-adds of other
        layers with weights are unknown.
        """
        embedding, layer, *_, output = self.network.layers
        is_recurrent = bool(recurrent_layers(layer))
        known = is_recurrent or not layer.weights
        maps = sum(
            math.prod(weight.shape)
            for further in embedding.further
            for weight in further.trainable_weights
        )
        products = read * (_count_factors(layer) + maps) + _count_factors(output)
        return {
            "parameters": count_parameters(self.network),
            "recurrent_parameters": layer.count_params() if is_recurrent else 0,
            "multiply_adds": products if known else None,
        }


def _count_factors(layer: keras.Layer) -> int:
    """Return the number of weights that are not biases."""
    shapes = (weight.shape for weight in layer.weights if not weight.name.endswith("bias"))
    return sum(map(math.prod, shapes))
