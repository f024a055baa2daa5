"""The configuration of a network, without TensorFlow."""

from typing import Any

from birnn.core.settings import Kernel, Pooling, Section, Settings
from birnn.networks.definition import Network


class NetworkConfig(Section):
    """Everything that defines a network except its weights.

    Attributes:
        name: name of the network.
        settings: the network's own settings.
        num_words: upper bound of the ids, exclusive.
        maxlen: ids per review.
        embedding_dim: length of a word vector.
        dropout: fraction of the output layer's inputs that is dropped in training.
        kernel: implementation of the recurrent layer.
        pooling: output of a recurrent layer: its last states, or the maximum and mean of all.
        embedding_dropout: fraction of the word vectors' elements that is dropped in training.
        word_dropout: fraction of words that are replaced by out-of-vocabulary in training.
        longest_ngram: longest n-gram whose ratio is an input, in words; 0 for none.
        ngrams: number of n-grams in the table of ratios.
    """

    name: str
    settings: dict[str, Any]
    num_words: int
    maxlen: int
    embedding_dim: int
    dropout: float
    kernel: Kernel
    pooling: Pooling = "last"
    embedding_dropout: float = 0
    word_dropout: float = 0
    longest_ngram: int = 0
    ngrams: int = 0

    @classmethod
    def from_settings(cls, network: Network, settings: Settings) -> "NetworkConfig":
        """Return the configuration that the settings specify, without the number of n-grams."""
        shared = settings.network
        return cls(
            name=network.name,
            settings=settings.section(network.name, network.settings).model_dump(),
            num_words=settings.pad.num_words,
            maxlen=settings.pad.maxlen,
            embedding_dim=shared.embedding_dim,
            dropout=shared.dropout,
            kernel=shared.kernel,
            pooling=shared.pooling,
            embedding_dropout=shared.embedding_dropout,
            word_dropout=shared.word_dropout,
            longest_ngram=settings.ngrams.longest,
        )
