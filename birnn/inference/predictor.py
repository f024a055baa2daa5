"""Predictions for new texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from birnn.core import integrity
from birnn.core.paths import MODELS, PADDED
from birnn.networks.network import load_network, predict
from birnn.networks.registry import NETWORKS
from birnn.text import encoding, tokenizer
from birnn.text.encoding import Encoding

COMBINED = "combined"  # name of the mean of all networks in exported models


@dataclass(frozen=True)
class Predictor:
    """Networks and the encoding they were trained with."""

    encoding: Encoding
    networks: dict[str, keras.Model]

    def encode(self, texts: Sequence[str]) -> NDArray[np.int32]:
        """Encode texts as padded sequences, int32, shape (texts, maxlen)."""
        return encoding.encode(tokenizer.tokenize(texts, self.encoding.tokenizer), self.encoding)

    def predict(self, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return the log-odds of positive of each text per network, float32, shape (texts,)."""
        return self.predict_sequences(self.encode(texts))

    def predict_sequences(self, sequences: NDArray[np.int32]) -> dict[str, NDArray[np.float32]]:
        """Return the log-odds for padded sequences per network, float32, shape (texts,)."""
        return {name: predict(network, sequences) for name, network in self.networks.items()}


def load(names: Sequence[str], padded: Path = PADDED, models: Path = MODELS) -> Predictor:
    """Load the named networks and their encoding."""
    networks = {name: load_network(NETWORKS[name], models / name) for name in names}
    return Predictor(encoding.read(padded), networks)


def load_verified(names: Sequence[str]) -> Predictor:
    """Load the named networks and their encoding after checking them against `dvc.lock`.

    Raises:
        InputError: a file is missing or has changed since the last run.
    """
    files = [PADDED / name for name in encoding.FILES]
    integrity.verify([*files, *(MODELS / name for name in names)])
    return load(names)
