"""Further inputs of a network: numbers for each word, next to its embedding."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from birnn.core import paths
from birnn.networks.definition import NetworkConfig
from birnn.networks.inputs import ngrams, regions
from birnn.networks.inputs.ngrams import NgramRatios, RatioTable
from birnn.networks.inputs.regions import LONGEST, SIZE, Regions, Table


class TrainingNumbers(Protocol):
    """The numbers of training reviews, if new text has others."""

    def select(self, ids: NDArray[np.int32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the numbers of some reviews, shape (reviews, maxlen, width), 0 at padding."""


class WordInput(Protocol):
    """Numbers for each word, computed from arrays that are stored with the weights of a network."""

    @property
    def name(self) -> str:
        """The name of the layer that has the arrays."""

    @property
    def width(self) -> int:
        """The numbers for each word."""

    @property
    def learned_width(self) -> int:
        """The numbers to which a learned linear map shortens them, or 0 to use them as they are.

        If they are used as they are and states are pooled, their sums over a review also reach the
        output, past the recurrent layer.
        """

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """The arrays, by name."""

    @property
    def training(self) -> TrainingNumbers | None:
        """The numbers of the training reviews, or None if they are computed as for new text."""

    def compute(self, ids: NDArray[np.int32], *arrays: NDArray[Any]) -> NDArray[np.float32]:
        """Return the numbers, float32, shape (words of all reviews, width).

        `ids` are padded reviews, shape (reviews, maxlen); `arrays` are in the order of `arrays`.
        """


class Folders(NamedTuple):
    """The folders with the arrays of all inputs."""

    ngrams: Path = paths.NGRAMS
    regions: Path = paths.WORD_VECTORS


def read(config: NetworkConfig, folders: Folders) -> tuple[NetworkConfig, list[WordInput]]:
    """Return the inputs of a network to train, and its configuration with their sizes."""
    inputs: list[WordInput] = []
    if config.longest_ngram:
        table, training = ngrams.read(folders.ngrams)
        config = config.model_copy(update={"ngrams": len(table.codes)})
        inputs.append(NgramRatios(config.longest_ngram, config.num_words, table, training))
    if tables := regions.read(folders.regions, config.num_words):
        config = config.model_copy(update={"regions": [len(table.codes) for table in tables]})
        inputs.append(Regions(tables))
    return config, inputs


def create_empty(config: NetworkConfig) -> list[WordInput]:
    """Return the inputs of a network with zeros, until their arrays are read with its weights."""
    words, count = config.num_words, config.ngrams
    inputs: list[WordInput] = []
    if config.longest_ngram:
        table = RatioTable(np.zeros(count, np.int64), np.zeros(count, np.float32))
        inputs.append(NgramRatios(config.longest_ngram, words, table))
    if config.regions:
        sizes = zip(LONGEST, config.regions, strict=True)
        tables = [
            Table(longest, words, np.zeros(size, np.int64), np.zeros((size, SIZE), np.float32))
            for longest, size in sizes
        ]
        inputs.append(Regions(tables))
    return inputs
