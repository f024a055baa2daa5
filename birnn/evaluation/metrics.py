"""Metrics that compare predictions with the labels."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    confusion_matrix,
    f1_score,
    precision_recall_curve,
    precision_recall_fscore_support,
    roc_auc_score,
    roc_curve,
)

from birnn.evaluation.array_types import Correct, Labels, LogOdds
from birnn.networks.log_odds import THRESHOLD, is_positive, probability

THRESHOLDS = (0.1, 0.3, 0.5, 0.7, 0.9)  # of the probability of the positive class


def is_correct(labels: Labels, log_odds: LogOdds) -> Correct:
    """Return which reviews are classified correctly, by their log-odds or their margins."""
    return np.equal(is_positive(log_odds), labels)


def cross_entropies(labels: Labels, log_odds: LogOdds) -> NDArray[np.float64]:
    """Return the binary cross-entropy of each review, in nats, shape (reviews,)."""
    return np.logaddexp(0, np.where(labels == 1, -1.0, 1.0) * log_odds)


def compute_scores(labels: Labels, log_odds: LogOdds, margins: LogOdds) -> dict[str, Any]:
    """Return the unrounded metrics of one model on one split, in which both labels occur.

    These are accuracy; loss (mean binary cross-entropy, in nats); precision, recall and F1 of the
    positive class (0 if undefined); the area under the ROC curve; average precision; the Brier
    score (mean squared error of the probabilities); and the `class_scores` of the negative class.
    The `margins` decide the classes (see `thresholds.Decision`).
    """
    predicted = is_positive(margins)
    return {
        "accuracy": accuracy_score(labels, predicted),
        "loss": float(cross_entropies(labels, log_odds).mean()),
        **precision_and_recall(labels, margins, label=1),
        "f1": f1_score(labels, predicted, zero_division=0),
        "roc_auc": roc_auc_score(labels, log_odds),
        "average_precision": average_precision_score(labels, log_odds),
        "brier": brier_score_loss(labels, probability(log_odds)),
        "negative": class_scores(labels, margins, label=0),
    }


def class_scores(labels: Labels, log_odds: LogOdds, label: int) -> dict[str, float]:
    """Return precision, recall and average precision of the class `label`."""
    average = average_precision_score(labels == label, log_odds if label else -log_odds)
    return precision_and_recall(labels, log_odds, label) | {"average_precision": float(average)}


def precision_and_recall(
    labels: Labels, log_odds: LogOdds, label: int, threshold: float = THRESHOLD
) -> dict[str, float]:
    """Return precision and recall of the class `label` at a threshold, 0 if undefined."""
    predicted = is_positive(log_odds, threshold)
    precision, recall, _, _ = precision_recall_fscore_support(
        labels, predicted, pos_label=label, average="binary", zero_division=0
    )
    return {"precision": float(precision), "recall": float(recall)}


def roc_points(labels: Labels, log_odds: LogOdds, points: int = 201) -> pd.DataFrame:
    """Return the ROC curve at `points` equally spaced false positive rates."""
    false_positive_rates, true_positive_rates, _ = roc_curve(labels, log_odds)
    grid = np.linspace(0, 1, points)
    rates = np.interp(grid, false_positive_rates, true_positive_rates)
    return pd.DataFrame({"false_positive_rate": grid, "true_positive_rate": rates})


def precision_recall_points(labels: Labels, log_odds: LogOdds, points: int = 200) -> pd.DataFrame:
    """Return the precision at `points` equally spaced recalls, the last of which is 1.

    Each precision belongs to the highest threshold that reaches the recall. Linear interpolation
    between the points of the curve would be too optimistic (Davis and Goadrich, "The Relationship
    Between Precision-Recall and ROC Curves", 2006).
    """
    precisions, recalls, _ = precision_recall_curve(labels, log_odds)
    grid = np.linspace(0, 1, points + 1)[1:]
    # Recalls decrease, so the last sufficient recall has the highest threshold.
    indices = np.searchsorted(-recalls, -grid, side="right") - 1
    return pd.DataFrame({"recall": grid, "precision": precisions[indices]})


def threshold_scores(labels: Labels, log_odds: LogOdds, label: int) -> list[dict[str, float]]:
    """Return precision and recall of the class `label` at each of THRESHOLDS."""
    return [
        {"threshold": threshold} | precision_and_recall(labels, log_odds, label, threshold)
        for threshold in THRESHOLDS
    ]


def confusion_counts(labels: Labels, margins: LogOdds, classes: Sequence[str]) -> pd.DataFrame:
    """Return the number of reviews for each pair of actual and predicted class."""
    matrix = confusion_matrix(labels, is_positive(margins), labels=[0, 1])
    pairs = pd.DataFrame(product(classes, repeat=2), columns=["actual", "predicted"])
    return pairs.assign(reviews=matrix.ravel())
