"""The configuration of a network, without TensorFlow."""

from typing import Any

from birnn.core.settings import Kernel, Pooling, Section, Settings
from birnn.networks.definition import Network


class NetworkConfig(Section):
    """Everything that defines a network except its weights."""

    name: str
    settings: dict[str, Any]  # the network's own settings
    num_words: int  # upper bound of the ids, exclusive
    maxlen: int  # ids per review
    embedding_dim: int  # length of a word vector
    dropout: float  # fraction of the output layer's inputs that is dropped in training
    kernel: Kernel  # implementation of the recurrent layer
    # Output of a recurrent layer: its last states, or the maximum and mean of all.
    pooling: Pooling = "last"
    # Fraction of the word vectors' elements that is dropped in training.
    embedding_dropout: float = 0
    word_dropout: float = 0  # fraction of words that are replaced by out-of-vocabulary in training
    longest_ngram: int = 0  # longest n-gram whose ratio is an input, in words; 0 for none
    ngrams: int = 0  # number of n-grams in the table of ratios

    @classmethod
    def from_settings(cls, network: Network, settings: Settings) -> "NetworkConfig":
        """Return the configuration that the settings specify, without the number of n-grams."""
        return cls(
            name=network.name,
            settings=settings.section(network.name, network.settings).model_dump(),
            num_words=settings.pad.num_words,
            maxlen=settings.pad.maxlen,
            longest_ngram=settings.ngrams.longest,
            **settings.network.model_dump(),
        )
