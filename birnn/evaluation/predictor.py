"""Predictions from one model or from several together, for splits and for new texts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tqdm import tqdm

from birnn.core import libraries
from birnn.core.paths import MODELS, PADDED
from birnn.evaluation.array_types import LogOdds
from birnn.evaluation.model_names import ALL_NETWORKS, BASELINE, CHOICES, NETWORKS
from birnn.evaluation.selection import read_metrics
from birnn.networks.log_odds import THRESHOLD, combine, is_positive
from birnn.reviews import encoding, tokenizer
from birnn.reviews.corpus import CLASSES
from birnn.reviews.tokenizer import Tokenizer
from birnn.runtime.errors import InputError

if TYPE_CHECKING:
    from birnn.evaluation.baseline_model import BaselineModel
    from birnn.evaluation.network_model import NetworkModel

# A model that classifies texts from their words.
Model: TypeAlias = "BaselineModel | NetworkModel"


@dataclass(frozen=True)
class Predictions:
    """The predictions for some texts."""

    # Log-odds that each text is positive, the mean over the models, shape (texts,).
    log_odds: NDArray[np.float64]
    by_model: dict[str, NDArray[np.float32]]  # log-odds of each model, float32, shape (texts,)
    # Share of the words that the models read which they know, shape (texts,); 0 for a text without
    # words.
    known: NDArray[np.float64]


@dataclass(frozen=True)
class Predictor:
    """The models that predict together."""

    models: Mapping[str, Model]  # the models by name; all have the same vocabulary
    # Number by which the log-odds of a model are divided, and for ALL_NETWORKS their mean over
    # several models (see `evaluation.calibration`); 1 if missing.
    temperatures: Mapping[str, float] = field(default_factory=dict)
    tokenizer: Tokenizer = "keras"  # splits the texts into words
    classes: Sequence[str] = CLASSES  # the names of the negative and the positive class
    threshold: float = THRESHOLD  # probability of positive above which a text is positive
    accuracy: float | None = None  # accuracy on the test split; None if it is unknown

    @property
    def name(self) -> str:
        """The name of the only model, or ALL_NETWORKS."""
        return ALL_NETWORKS if len(self.models) > 1 else next(iter(self.models))

    @property
    def model(self) -> Model:
        """The first model."""
        return next(iter(self.models.values()))

    def predict_split(
        self, padded: Path, corpus_file: Path
    ) -> tuple[dict[str, LogOdds], dict[str, dict[str, Any]]]:
        """Return each model's log-odds of the reviews of a split, and its mean cost per review.

        The networks read the folder `padded`, and the baseline all words in `corpus_file`. The
        log-odds are not divided by temperatures. A cost has `parameters`, `multiply_adds` or None,
        and for a network `recurrent_parameters`.
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

    def predict(self, texts: Sequence[str]) -> Predictions:
        """Return the predictions for texts."""
        return self.predict_tokens(self.tokenize(texts))

    def tokenize(self, texts: Iterable[str]) -> pa.ListArray:
        """Split texts into words, as the models were trained."""
        return tokenizer.tokenize(texts, self.tokenizer)

    def predict_tokens(self, tokens: pa.ListArray) -> Predictions:
        """Return the predictions for texts that are split into words."""
        log_odds = {name: model.predict(tokens) for name, model in self.models.items()}
        return Predictions(
            log_odds=combine(list(log_odds.values())) / self.temperature(self.name),
            by_model={name: odds / self.temperature(name) for name, odds in log_odds.items()},
            known=np.array([self._known(words or []) for words in tokens.to_pylist()]),
        )

    def classify(self, log_odds: float) -> str:
        """Return the name of the predicted class."""
        return self.classes[int(is_positive(np.asarray(log_odds), self.threshold))]

    def temperature(self, name: str) -> float:
        """Return the temperature of a model, or of the mean of several."""
        return self.temperatures.get(name, 1.0)

    def _known(self, words: list[str]) -> float:
        vocabulary, read = self.model.vocabulary, self.model.words_read(len(words))
        return sum(words[index] in vocabulary for index in read) / max(1, len(read))


def load(names: Sequence[str], **options: Any) -> Predictor:
    """Load models, with the other attributes of the predictor. Only networks import TensorFlow."""
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
    return Predictor(loaded, tokenizer=scheme.tokenizer, classes=scheme.classes, **options)


def load_chosen(name: str | None = None, threshold: float | None = None) -> Predictor:
    """Load the model that CHOICES names.

    Without a name, it is the model that the last run chose. Without a threshold, it is THRESHOLD.
    """
    metrics = read_metrics()
    name = name or metrics["choice"]["model"]
    names = [*NETWORKS] if name == ALL_NETWORKS else [name]
    temperatures = {
        model: metrics[model]["temperature"]
        for model in CHOICES
        if "temperature" in metrics.get(model, {})
    }
    try:
        return load(
            names,
            temperatures=temperatures,
            threshold=threshold or THRESHOLD,
            accuracy=metrics.get(name, {}).get("accuracy"),
        )
    except (OSError, ValueError, KeyError) as error:
        files = ", ".join(str(file) for file in (PADDED, *(MODELS / each for each in names)))
        advice = "run dvc repro, dvc checkout or dvc pull"
        raise InputError(f"one of {files} is missing or damaged ({error}): {advice}") from error
