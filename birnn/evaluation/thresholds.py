"""Thresholds and temperatures, chosen on held-out reviews, that give log-odds a class.

A threshold of 0.5 hardly ever finds a rare class. The threshold with the best F1 of this class on
held-out reviews does: Lipton, Elkan and Naryanaswamy, "Optimal Thresholding of Classifiers to
Maximize F1 Measure", 2014.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import precision_recall_curve

from birnn.evaluation import calibration
from birnn.evaluation.array_types import Labels, LogOdds
from birnn.evaluation.model_names import ALL_TITLES, titles
from birnn.networks.log_odds import THRESHOLD, boundary, is_positive, probability
from birnn.runtime.errors import InputError

LOWEST = 1e-4  # and 1 minus it is the highest threshold that is stored
SMALLEST = 1e-12  # far above the end of float64 next to 1, so that log-odds are finite


@dataclass(frozen=True)
class Decision:
    """The temperature and the threshold that give the log-odds of a model a class."""

    temperature: float = 1.0  # number by which the log-odds are divided, see `calibration`
    threshold: float = THRESHOLD  # probability above which a review is positive

    def margins(self, log_odds: LogOdds) -> LogOdds:
        """Return the calibrated log-odds minus those at the threshold: positive if above it."""
        return log_odds / self.temperature - boundary(self.threshold)

    @property
    def uncalibrated_threshold(self) -> float:
        """The threshold that gives the same classes without temperature scaling."""
        return _rounded(expit(self.temperature * boundary(self.threshold)))

    def probability(self, margins: LogOdds) -> NDArray[np.float32]:
        """Return the probabilities that reviews with these margins are positive."""
        return probability(margins + boundary(self.threshold))


def read(metrics: Mapping[str, Any]) -> dict[str, Decision]:
    """Return the decision of each model in the content of `evaluation.json`."""
    return {
        name: Decision(metrics[name].get("temperature", 1.0), metrics[name]["threshold"])
        for name in titles(metrics, ALL_TITLES)
    }


def fit(
    labels: Labels, log_odds: Mapping[str, LogOdds], label: int | None, threshold: float | None
) -> dict[str, Decision]:
    """Return the decision of each model, given its log-odds of the held-out reviews.

    Without a `threshold`, it is chosen for the class `label`, or THRESHOLD if this is None.
    """
    decisions = {}
    for name, values in log_odds.items():
        temperature = round(calibration.fit_temperature(labels, values), 4)
        best = THRESHOLD if label is None else maximize_f1(labels, values / temperature, label)
        decisions[name] = Decision(temperature, threshold or best)
    return decisions


def maximize_f1(labels: Labels, log_odds: LogOdds, label: int) -> float:
    """Return the threshold with the highest F1 of the class `label`, with four decimals."""
    precisions, recalls, thresholds = _curve(labels, log_odds, label)
    f1 = 2 * precisions * recalls / np.maximum(precisions + recalls, SMALLEST)
    return _rounded(thresholds[np.argmax(f1)])


def reach(labels: Labels, log_odds: LogOdds, label: int, measure: str, wanted: float) -> float:
    """Return the threshold with the best other measure of those that reach a precision or recall.

    The `measure` of the class `label`, precision or recall, must be at least `wanted`, from 0 to 1.
    """
    curve = _curve(labels, log_odds, label)
    values, others = curve[:2] if measure == "precision" else curve[1::-1]
    reached = values >= wanted
    if not reached.any():
        raise InputError(
            f"no threshold has a {measure} of {wanted} on the held-out reviews: the highest is "
            f"{values.max():.3f}"
        )
    return float(curve[2][np.argmax(np.where(reached, others, -1))])


def detections(labels: Labels, log_odds: LogOdds, label: int, threshold: float) -> dict[str, float]:
    """Return the shares of both classes that are classified as `label` at a threshold.

    They are the `recall` of this class, and the `false_alarms`, which are reviews of the other.
    """
    found = is_positive(log_odds, threshold) == label
    is_label = labels == label
    return {"recall": float(found[is_label].mean()), "false_alarms": float(found[~is_label].mean())}


def _curve(labels: Labels, log_odds: LogOdds, label: int) -> tuple[NDArray[Any], ...]:
    """Return precision and recall of the class `label`, and the threshold, at each point.

    A threshold lies in the middle between two log-odds.
    """
    scores = log_odds if label else -log_odds
    precisions, recalls, lowest = precision_recall_curve(labels == label, scores)
    below = np.concatenate([[lowest[0] - 1], lowest[:-1]])
    boundaries = (lowest + below) / 2 if label else -(lowest + below) / 2
    thresholds = np.clip(expit(boundaries.astype(np.float64)), SMALLEST, 1 - SMALLEST)
    return precisions[:-1], recalls[:-1], thresholds


def _rounded(threshold: float) -> float:
    """Return a threshold above 0 and below 1 with four decimals."""
    return float(np.clip(round(float(threshold), 4), LOWEST, 1 - LOWEST))
