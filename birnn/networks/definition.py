"""What the pipeline needs to know about a network to train it and to compare it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from birnn.core.settings import Section


class NoSettings(Section):
    """The settings of a network that has none."""


class Units(Section):
    """The settings of a recurrent network: the units of each direction."""

    units: int = Field(ge=1, le=4096)


@dataclass(frozen=True)
class Network:
    """A network that the pipeline can train and compare.

    Attributes:
        name: name in files and commands; letters, digits and underscores.
        title: name in reports.
        color: name of a color in `reporting.colors.NETWORK_COLORS`.
        build: function that returns the Keras layer between the embedding and the output, given the
            network's settings. A recurrent layer is run in both directions. Any other layer maps
            vectors, float32, shape (reviews, maxlen, features), to float32, (reviews, outputs). It
            gets a mask, False for padding, if `network.pooling` is `max_mean`.
        settings: type of the network's section in `params.yaml`.
    """

    name: str
    title: str
    color: str
    build: Callable[[Any], Any]
    settings: type[Section] = NoSettings
