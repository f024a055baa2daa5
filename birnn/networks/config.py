"""The configuration of a network, without TensorFlow."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from birnn.core.settings import Kernel, Pooling, Settings
from birnn.text.encoding import PADDING

DIRECTIONS = 2
POOLS = 2  # maximum and mean

Layer = Literal["lstm", "gru"]


class NetworkConfig(BaseModel):
    """Everything that defines a network except its weights.

    Attributes:
        layer: type of the recurrent layer.
        num_words: upper limit of the ids.
        maxlen: ids per review.
        embedding_dim: length of a word vector.
        units: units of the recurrent layer per direction.
        dropout: fraction of the recurrent layer's output that is dropped in training.
        kernel: implementation of the recurrent layer.
        pooling: input of the output layer: the last states, or the maximum and mean of all states.
        embedding_dropout: fraction of the word vectors' elements that is dropped in training.
        word_dropout: fraction of words that are replaced by out-of-vocabulary in training.
        longest_ngram: longest n-gram whose ratio is an input, in words; 0 for none.
        ngrams: number of n-grams in the table of ratios.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    layer: Layer
    num_words: int
    maxlen: int
    embedding_dim: int
    units: int
    dropout: float
    kernel: Kernel
    pooling: Pooling = "last"
    embedding_dropout: float = 0
    word_dropout: float = 0
    longest_ngram: int = 0
    ngrams: int = 0

    @classmethod
    def from_settings(cls, layer: Layer, units: int, settings: Settings) -> "NetworkConfig":
        """Return the configuration that the settings specify, without the number of n-grams."""
        network = settings.network
        return cls(
            layer=layer,
            num_words=settings.pad.num_words,
            maxlen=settings.pad.maxlen,
            embedding_dim=network.embedding_dim,
            units=units,
            dropout=network.dropout,
            kernel=network.kernel,
            pooling=network.pooling,
            embedding_dropout=network.embedding_dropout,
            word_dropout=network.word_dropout,
            longest_ngram=settings.ngrams.longest,
        )

    @property
    def input_size(self) -> int:
        """The number of inputs of the recurrent layer per word."""
        return self.embedding_dim + self.longest_ngram

    @property
    def output_size(self) -> int:
        """The number of inputs of the output layer per review."""
        states = DIRECTIONS * self.units
        return states if self.pooling == "last" else POOLS * states + self.longest_ngram

    def words_read(self, sequences: NDArray[np.int32]) -> int:
        """Return the mean number of ids that the network reads per padded review."""
        if self.pooling == "last":
            return self.maxlen
        return round(np.count_nonzero(sequences != PADDING) / len(sequences))
