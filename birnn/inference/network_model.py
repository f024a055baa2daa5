"""A trained network that classifies and explains new texts."""

from collections.abc import Set as AbstractSet
from functools import cached_property

import keras
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from birnn.inference.integrated_gradients import Attributor
from birnn.inference.predictor import Attribution, Predictor
from birnn.networks.network import predict
from birnn.text import encoding
from birnn.text.encoding import Encoding


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

    @cached_property
    def _attributor(self) -> Attributor:
        return Attributor(self.network)

    def words_read(self, count: int) -> range:
        """Return which words of a text are left after truncation."""
        return encoding.words_read(count, self.encoding)

    def encode(self, tokens: pa.ListArray) -> NDArray[np.int32]:
        """Encode texts as padded sequences, int32, shape (texts, maxlen)."""
        return encoding.encode(tokens, self.encoding)

    def predict(self, tokens: pa.ListArray) -> NDArray[np.float32]:
        """Return the log-odds that each text is positive, float32, shape (texts,)."""
        return predict(self.network, self.encode(tokens))

    def attribute(self, words: list[str]) -> Attribution:
        """Return how each word contributes to the log-odds, by integrated gradients."""
        (sequence,) = self.encode(pa.array([words], pa.list_(pa.string())))
        found = self._attributor.attribute(sequence)
        contributions = np.zeros(len(words))
        indices = encoding.word_indices(len(words), self.encoding)
        read = indices[indices >= 0]
        contributions[read] = found.contributions[indices >= 0]
        terms = [(words[index], float(contributions[index])) for index in read]
        return Attribution(found.blank, found.log_odds, contributions, terms)


def networks_of(predictor: Predictor) -> dict[str, NetworkModel]:
    """Return the networks of a predictor, which share an encoding, by name."""
    models = predictor.models.items()
    return {name: model for name, model in models if isinstance(model, NetworkModel)}
