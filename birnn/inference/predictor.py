"""Texts as the trained networks read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from birnn.networks import network
from birnn.text import encoding, tokenizer
from birnn.text.encoding import Encoding

PADDED = Path("data/padded")
MODELS = Path("models")


@dataclass(frozen=True)
class Reader:
    """Networks, and the encoding that they were trained with."""

    encoding: Encoding
    networks: dict[str, keras.Model]

    def probabilities(self, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return the probability that each text is positive, shape (texts,), by network."""
        sequences = encoding.encode(tokenizer.tokenize(texts), self.encoding)
        return {name: _predict(model, sequences) for name, model in self.networks.items()}

    def mean_probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the mean of the networks' probabilities, shape (texts,)."""
        return mean(self.probabilities(texts))


def mean(probabilities: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the mean over the networks, shape (texts,)."""
    stacked: NDArray[np.float32] = np.mean(list(probabilities.values()), axis=0)
    return stacked


def load(names: Sequence[str], padded: Path = PADDED, models: Path = MODELS) -> Reader:
    """Return the networks of these names, and their encoding."""
    return Reader(encoding.read(padded), {name: network.load(models / name) for name in names})


def _predict(model: keras.Model, sequences: NDArray[np.int32]) -> NDArray[np.float32]:
    parts = [
        model.predict_on_batch(sequences[start : start + network.BATCH])[:, 0]
        for start in range(0, len(sequences), network.BATCH)
    ]
    return np.concatenate([np.empty(0, np.float32), *parts])
