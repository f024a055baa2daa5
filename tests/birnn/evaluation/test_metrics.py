"""Metrics of worked examples."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.special import logit

from birnn.evaluation import metrics
from birnn.reviews.corpus import CLASSES

LABELS = np.array([0, 0, 1, 1], np.uint8)
# One of each: true negative, false positive, false negative, true positive.
LOG_ODDS = logit(np.array([0.1, 0.6, 0.35, 0.8], np.float32))


def test_worked_example() -> None:
    expected = {
        **dict.fromkeys(("accuracy", "precision", "recall", "f1"), 0.5),
        # Three of the four pairs of a negative and a positive review are ranked correctly.
        "roc_auc": 0.75,
        "loss": -sum(map(math.log, (0.9, 0.4, 0.35, 0.8))) / 4,
        # Precision at the rank of each positive review: 1 / 1 and 2 / 3.
        "average_precision": (1 + 2 / 3) / 2,
        "brier": (0.1**2 + 0.6**2 + 0.65**2 + 0.2**2) / 4,
    }
    scores = metrics.compute_scores(LABELS, LOG_ODDS, LOG_ODDS)
    negative = {key: expected[key] for key in ("precision", "recall", "average_precision")}
    assert scores.pop("negative") == pytest.approx(negative)
    assert scores == pytest.approx(expected, rel=1e-6)
    assert metrics.is_correct(LABELS, LOG_ODDS).tolist() == [True, False, False, True]
    counts = metrics.confusion_counts(np.array([0, 0, 0, 1], np.uint8), LOG_ODDS, CLASSES)
    pairs = product(CLASSES, repeat=2)
    expected_counts = [(*pair, count) for pair, count in zip(pairs, (2, 1, 0, 1), strict=True)]
    assert [*counts.itertuples(index=False, name=None)] == expected_counts
    for label, rows in (
        (1, [(0.3, 2 / 3, 1), (0.5, 0.5, 0.5), (0.7, 1, 0.5), (0.9, 0, 0)]),
        (0, [(0.3, 1, 0.5), (0.5, 0.5, 0.5), (0.7, 2 / 3, 1), (0.9, 0.5, 1)]),
    ):
        found = metrics.threshold_scores(LABELS, LOG_ODDS, label)[1:]
        assert [tuple(row.values()) for row in found] == rows


def test_constant_prediction() -> None:
    scores = metrics.compute_scores(LABELS, *[np.zeros(4, np.float32)] * 2)
    assert scores["precision"] == scores["recall"] == scores["f1"] == 0
    assert scores["roc_auc"] == scores["accuracy"] == 0.5
    assert scores["loss"] == pytest.approx(math.log(2))
    points = metrics.precision_recall_points(LABELS, np.ones(4, np.float32))
    assert len(points) == 200
    assert set(points["precision"]) == {0.5}


def test_certain_predictions_keep_their_order() -> None:
    log_odds = np.array([17.5, 20, 30], np.float32)  # all probabilities are 1 in float32
    scores = metrics.compute_scores(np.array([0, 1, 1], np.uint8), log_odds, log_odds)
    assert scores["roc_auc"] == scores["average_precision"] == 1
    assert scores["loss"] == pytest.approx(17.5 / 3)


def test_roc_curve_is_interpolated() -> None:
    # The corners are at (0, 0.5), (0.5, 0.5) and (0.5, 1).
    points = metrics.roc_points(LABELS, LOG_ODDS, points=5)
    assert points["false_positive_rate"].tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert points["true_positive_rate"].tolist() == [0.5, 0.5, 1, 1, 1]
    assert len(metrics.roc_points(LABELS, LOG_ODDS)) == 201


def test_precision_at_the_highest_sufficient_threshold() -> None:
    points = metrics.precision_recall_points(LABELS, LOG_ODDS, points=4)
    assert points["recall"].tolist() == [0.25, 0.5, 0.75, 1]
    assert points["precision"].tolist() == pytest.approx([1, 1, 2 / 3, 2 / 3])
