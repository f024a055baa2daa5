"""Predictions of the trained models, for splits and for texts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tqdm import tqdm

from birnn.core import libraries
from birnn.core.paths import MODELS, PADDED
from birnn.evaluation.array_types import LogOdds
from birnn.evaluation.model_names import BASELINE, NETWORKS
from birnn.reviews import encoding, tokenizer
from birnn.reviews.corpus import CLASSES
from birnn.reviews.tokenizer import Tokenizer


class Model(Protocol):
    """A trained model that classifies texts from their words: a network or the baseline."""

    @property
    def vocabulary(self) -> AbstractSet[str]:
        """The words, and for the baseline n-grams, that the model knows."""

    def words_read(self, count: int) -> range:
        """Return which words of a text of `count` words the model reads, counted from 0."""

    def predict(self, tokens: pa.ListArray) -> NDArray[np.float32]:
        """Return the log-odds that each text is positive, float32, shape (texts,)."""

    def changes(
        self, tokens: pa.ListArray, places: Sequence[NDArray[np.integer]]
    ) -> NDArray[np.floating]:
        """Return the changes of the log-odds if single words are replaced by an unknown one.

        `places` are, for each text, the words to replace one at a time, among those that the model
        reads. The result has all texts one after another, and is NaN for words that are unknown.
        """

    def predict_split(self, padded: Path, corpus_file: Path) -> Iterator[tuple[LogOdds, int]]:
        """Yield the log-odds of each batch of a split, and how many words or n-grams it read."""

    def cost(self, read: int) -> dict[str, Any]:
        """Return the cost of a review of which the model reads `read` words or n-grams."""


@dataclass(frozen=True)
class Predictor:
    """The models that predict together."""

    models: Mapping[str, Model]  # the models by name; networks have the same vocabulary
    tokenizer: Tokenizer = "keras"  # splits the texts into words
    classes: Sequence[str] = CLASSES  # the names of the negative and the positive class

    def predict_split(
        self, padded: Path, corpus_file: Path
    ) -> tuple[dict[str, LogOdds], dict[str, dict[str, Any]]]:
        """Return each model's log-odds of the reviews of a split, and its mean cost per review.

        The networks read the folder `padded`, and the baseline all words in `corpus_file`. A cost
        has `parameters`, `multiply_adds` or None, and for a network `recurrent_parameters`.
        """
        total = len(np.load(padded / "rows.npy"))
        log_odds, costs = {}, {}
        for name, model in self.models.items():
            parts, read = [], 0
            label = f"predicting with {name}"
            with tqdm(desc=label, total=total, unit=" reviews", disable=None) as progress:
                for part, count in model.predict_split(padded, corpus_file):
                    parts.append(part)
                    read += count
                    progress.update(len(part))
            log_odds[name] = np.concatenate(parts)
            costs[name] = model.cost(round(read / total))
        return log_odds, costs

    def tokenize(self, texts: Iterable[str]) -> pa.ListArray:
        """Split texts into words, as the models were trained."""
        return tokenizer.tokenize(texts, self.tokenizer)

    def predict_log_odds(self, tokens: pa.ListArray) -> dict[str, NDArray[np.float32]]:
        """Return each model's log-odds of texts that are split into words, shape (texts,)."""
        return {name: model.predict(tokens) for name, model in self.models.items()}


def load(names: Sequence[str]) -> Predictor:
    """Load trained models by name. Only networks import TensorFlow."""
    scheme = encoding.read(PADDED)
    loaded: dict[str, Model] = {}
    for name in names:
        if name == BASELINE:
            # These import scikit-learn.
            from birnn.baseline import baseline  # noqa: PLC0415
            from birnn.evaluation.baseline_model import BaselineModel  # noqa: PLC0415

            loaded[name] = BaselineModel(baseline.load(MODELS / name))
        else:
            with libraries.tensorflow_imports():
                from birnn.evaluation.network_model import NetworkModel  # noqa: PLC0415
                from birnn.networks.network import load_network  # noqa: PLC0415

            loaded[name] = NetworkModel(scheme, load_network(NETWORKS[name], MODELS / name))
    return Predictor(loaded, tokenizer=scheme.tokenizer, classes=scheme.classes)
