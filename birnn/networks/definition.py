"""The definition of a network, and its configuration by the settings, without TensorFlow."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from birnn.core.settings import SECTION, SMALLEST, Rate, Section, Sections, Seed
from birnn.reviews.sequences import Pad

Kernel = Literal["auto", "fused", "keras"]
Pooling = Literal["last", "max_mean"]
Direction = Literal["both", "forward", "backward", "none"]
Color = Literal["blue", "vermilion", "pink", "ochre", "gray"]

NAME = re.compile(r"[a-z][a-z0-9_]*")
MINUS = "_minus_"  # joins the names of two networks to the name of their difference


class SharedSettings(Section):
    """The parts that all networks share, their regularization and their implementation."""

    embedding_dim: int = Field(ge=1, le=4096)
    direction: Direction
    pooling: Pooling
    dropout: Rate
    embedding_dropout: Rate
    word_dropout: Rate
    kernel: Kernel

    @model_validator(mode="after")
    def _check_pooling(self) -> Self:
        if self.direction == "none" and self.pooling == "last":
            raise PydanticCustomError(
                SECTION,
                "direction none has no recurrent layer, so no last state: set network.pooling to "
                "max_mean",
            )
        return self


class Ngrams(Section):
    """The log-count ratios of n-grams, an additional input of the networks."""

    longest: int = Field(ge=0, le=5)
    min_reviews: int = Field(ge=1, le=1_000_000)
    smoothing: float = Field(ge=SMALLEST, le=1_000)
    folds: int = Field(ge=2, le=1_000)
    seed: Seed


class NetworkSettings(Sections):
    """The sections that define a network, besides its own."""

    network: SharedSettings
    ngrams: Ngrams
    pad: Pad


class Units(Section):
    """The settings of a recurrent network: the units of each direction."""

    units: int = Field(ge=1, le=4096)


@dataclass(frozen=True)
class Network:
    """A network that the pipeline can train and compare."""

    name: str  # name in files and commands: lowercase letters, digits and underscores
    title: str  # name in reports
    color: Color  # color in figures (see `style.colors`)
    # Function that returns the Keras layer between the embedding and the output, given the
    # network's settings. A recurrent layer is run in `network.direction`. Any other layer maps
    # vectors, float32, shape (reviews, maxlen, features), to float32, (reviews, outputs). It gets a
    # mask, False for padding, if `network.pooling` is `max_mean`.
    build: Callable[[Any], Any]
    settings: type[Section] = Section  # type of the network's section in `params.yaml`

    def __post_init__(self) -> None:
        """Raise ValueError if the name is not valid."""
        if not NAME.fullmatch(self.name) or MINUS in self.name:
            raise ValueError(
                f"{self.name!r} cannot be the name of a network: start with a lowercase letter, "
                f"use only lowercase letters, digits and underscores, and do not use {MINUS!r}"
            )


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
    # Order in which a recurrent layer reads the words; none to pool their vectors without one.
    direction: Direction = "both"
    # Fraction of the word vectors' elements that is dropped in training.
    embedding_dropout: float = 0
    word_dropout: float = 0  # fraction of words that are replaced by out-of-vocabulary in training
    longest_ngram: int = 0  # longest n-gram whose ratio is an input, in words; 0 for none
    ngrams: int = 0  # number of n-grams in the table of ratios
    regions: list[int] = Field(default_factory=list)  # n-grams of each embedding of regions

    @classmethod
    def from_settings(cls, network: Network, settings: NetworkSettings) -> "NetworkConfig":
        """Return the configuration that the settings specify, without the number of n-grams.

        The settings also have the network's own section.
        """
        shared = settings.network
        return cls(
            name=network.name,
            settings=getattr(settings, network.name).model_dump(),
            num_words=settings.pad.num_words,
            maxlen=settings.pad.maxlen,
            embedding_dim=shared.embedding_dim,
            dropout=shared.dropout,
            kernel=shared.kernel,
            pooling=shared.pooling,
            direction=shared.direction,
            embedding_dropout=shared.embedding_dropout,
            word_dropout=shared.word_dropout,
            longest_ngram=settings.ngrams.longest,
        )
