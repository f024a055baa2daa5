"""Predictions for new texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from birnn.core import integrity
from birnn.networks.network import load_network, predict
from birnn.text import encoding, tokenizer
from birnn.text.encoding import Encoding

PADDED = Path("data/padded")
MODELS = Path("models")


@dataclass(frozen=True)
class Predictor:
    """Networks and the encoding that they were trained with."""

    encoding: Encoding
    networks: dict[str, keras.Model]

    def encode(self, texts: Sequence[str]) -> NDArray[np.int32]:
        """Return the padded sequences of texts, int32, shape (texts, maxlen)."""
        return encoding.encode(tokenizer.tokenize(texts), self.encoding)

    def predict(self, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return per network the probability that each text is positive, shape (texts,)."""
        return self.predict_sequences(self.encode(texts))

    def predict_sequences(self, sequences: NDArray[np.int32]) -> dict[str, NDArray[np.float32]]:
        """Return per network the probabilities of padded sequences, shape (texts,)."""
        return {name: predict(network, sequences) for name, network in self.networks.items()}


def load(names: Sequence[str], padded: Path = PADDED, models: Path = MODELS) -> Predictor:
    """Return the networks of these names and their encoding."""
    networks = {name: load_network(models / name) for name in names}
    return Predictor(encoding.read(padded), networks)


def load_verified(names: Sequence[str]) -> Predictor:
    """Return what `load` does, if the files are those of the pipeline's last run.

    Raises:
        InputError: a file is missing or differs from the one that the pipeline wrote.
    """
    files = [PADDED / name for name in encoding.FILES]
    integrity.verify([*files, *(MODELS / name for name in names)])
    return load(names)
