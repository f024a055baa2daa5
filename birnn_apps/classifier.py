"""The model, or the networks together, that classify the user's texts."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from birnn.core.paths import HELD_OUT_PREDICTIONS, MODELS, PADDED
from birnn.evaluation import predictor, thresholds
from birnn.evaluation.model_names import ALL_NETWORKS, NETWORKS, titles
from birnn.evaluation.predictor import Predictor
from birnn.evaluation.thresholds import Decision
from birnn.networks.log_odds import THRESHOLD, combine, is_positive, probability
from birnn.runtime.errors import InputError
from birnn_apps.api_models import Prediction
from birnn_apps.last_run import read_metrics, require_trained


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
class Classifier(Predictor):
    """Trained models with the threshold and temperatures that give their predictions classes."""

    # Number by which the log-odds of a model are divided, and for ALL_NETWORKS their mean over
    # several models (see `evaluation.calibration`); 1 if missing.
    temperatures: Mapping[str, float] = field(default_factory=dict)
    threshold: float = THRESHOLD  # probability of positive above which a text is positive
    accuracy: float | None = None  # accuracy on the test split; None if it is unknown

    @property
    def name(self) -> str:
        """The name of the only model, or ALL_NETWORKS."""
        return ALL_NETWORKS if len(self.models) > 1 else next(iter(self.models))

    @property
    def vocabulary(self) -> AbstractSet[str]:
        """The words that the models know, which are the same for all."""
        return next(iter(self.models.values())).vocabulary

    def words_read(self, count: int) -> range:
        """Return which words of a text of `count` words the models read, the same for all."""
        return next(iter(self.models.values())).words_read(count)

    def predict(self, texts: Sequence[str]) -> Predictions:
        """Return the predictions for texts."""
        return self.predict_tokens(self.tokenize(texts))

    def predict_tokens(self, tokens: pa.ListArray) -> Predictions:
        """Return the predictions for texts that are split into words."""
        log_odds = self.predict_log_odds(tokens)
        return Predictions(
            log_odds=combine(list(log_odds.values())) / self.temperature(self.name),
            by_model={name: odds / self.temperature(name) for name, odds in log_odds.items()},
            known=np.array([self._known(words or []) for words in tokens.to_pylist()]),
        )

    def describe(self, predicted: Predictions) -> list[Prediction]:
        """Return the class and the probabilities of each text."""
        is_positive_text = is_positive(predicted.log_odds, self.threshold)
        values = probability(predicted.log_odds).tolist()
        by_model = {name: probability(odds).tolist() for name, odds in predicted.by_model.items()}
        return [
            Prediction(
                known=known,
                label=self.classes[int(is_positive_text[row])] if known else None,
                probability=values[row] if known else None,
                models={name: each[row] for name, each in by_model.items()} if known else {},
            )
            for row, known in enumerate(predicted.known.tolist())
        ]

    def temperature(self, name: str) -> float:
        """Return the temperature of a model, or of the mean of several."""
        return self.temperatures.get(name, 1.0)

    def _known(self, words: list[str]) -> float:
        vocabulary, read = self.vocabulary, self.words_read(len(words))
        return sum(words[index] in vocabulary for index in read) / max(1, len(read))


def load_chosen(name: str | None = None, threshold: str | None = None) -> Classifier:
    """Load the model that CHOICES names, or else the one that the last run chose.

    A `threshold` is a probability, or a recall or precision that held-out reviews reach, such as
    recall=0.9. Without it, it is the threshold that the last run chose for the model.
    """
    metrics = read_metrics()
    name = name or metrics["choice"]["model"]
    require_trained(name, metrics)
    names = [*titles(metrics, NETWORKS)] if name == ALL_NETWORKS else [name]
    decisions = thresholds.read(metrics)
    limit = _threshold(threshold, name, metrics, decisions[name])
    try:
        return Classifier(
            **vars(predictor.load(names)),
            temperatures={model: decision.temperature for model, decision in decisions.items()},
            threshold=limit,
            accuracy=metrics[name]["accuracy"],
        )
    except (OSError, ValueError, KeyError) as error:
        files = ", ".join(str(file) for file in (PADDED, *(MODELS / model for model in names)))
        advice = "run dvc repro, dvc checkout or dvc pull"
        raise InputError(f"one of {files} is missing or damaged ({error}): {advice}") from error


def load_each(threshold: str | None = None) -> list[Classifier]:
    """Load each model of the last run on its own."""
    return [load_chosen(name, threshold) for name in titles(read_metrics())]


def _threshold(wanted: str | None, name: str, metrics: Mapping[str, Any], own: Decision) -> float:
    measure, equals, value = (wanted or "").rpartition("=")
    if not equals:
        return float(value or own.threshold)
    if not HELD_OUT_PREDICTIONS.exists():
        raise InputError(
            f"no reviews are held out: run dvc exp run -S pad.validation=0.2, or name "
            f"a number instead of {wanted}"
        )
    held_out = pd.read_parquet(HELD_OUT_PREDICTIONS, columns=["label", name])
    log_odds = held_out[name].to_numpy() / own.temperature
    label, labels = metrics["corpus"]["rarer"]["label"], held_out["label"].to_numpy()
    return thresholds.reach(labels, log_odds, label, measure, float(value))
