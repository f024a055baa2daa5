"""Metrics of worked examples."""

import math

import numpy as np
import pytest
from scipy.special import logit

from birnn.evaluation import metrics

LABELS = np.array([0, 0, 1, 1], np.uint8)


def test_worked_example() -> None:
    # One of each: true negative, false positive, false negative, true positive.
    log_odds = logit(np.array([0.1, 0.6, 0.35, 0.8], np.float32))
    scores = metrics.compute_scores(LABELS, log_odds)
    assert scores["accuracy"] == 0.5
    assert scores["precision"] == 0.5
    assert scores["recall"] == 0.5
    assert scores["f1"] == 0.5
    # Three of the four pairs of a negative and a positive review are ranked correctly.
    assert scores["roc_auc"] == 0.75
    expected = -sum(map(math.log, (0.9, 0.4, 0.35, 0.8))) / 4
    assert scores["loss"] == pytest.approx(expected, rel=1e-6)
    # Precision at the rank of each positive review: 1 / 1 and 2 / 3.
    assert scores["average_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert scores["brier"] == pytest.approx((0.1**2 + 0.6**2 + 0.65**2 + 0.2**2) / 4)
    assert metrics.is_correct(LABELS, log_odds).tolist() == [True, False, False, True]


def test_constant_prediction() -> None:
    scores = metrics.compute_scores(LABELS, np.zeros(4, np.float32))
    assert scores["precision"] == scores["recall"] == scores["f1"] == 0
    assert scores["roc_auc"] == scores["accuracy"] == 0.5
    assert math.isfinite(scores["loss"])


def test_confusion_counts() -> None:
    log_odds = logit(np.array([0.1, 0.6, 0.35, 0.8], np.float32))
    counts = metrics.confusion_counts(np.array([0, 0, 0, 1], np.uint8), log_odds)
    assert [tuple(row.values()) for row in counts] == [
        ("negative", "negative", 2),
        ("negative", "positive", 1),
        ("positive", "negative", 0),
        ("positive", "positive", 1),
    ]


def test_roc_curve_rises_from_corner_to_corner() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 500).astype(np.uint8)
    log_odds = (labels * 0.3 + rng.random(500) * 0.7 - 0.5).astype(np.float32)
    points = metrics.roc_points(labels, log_odds)
    rates = np.array([point["true_positive_rate"] for point in points])
    assert len(points) == 201
    assert rates[-1] == 1
    assert (np.diff(rates) >= 0).all()
    area = np.trapezoid(rates, [point["false_positive_rate"] for point in points])
    assert area == pytest.approx(metrics.compute_scores(labels, log_odds)["roc_auc"], abs=0.005)


def test_precision_at_the_highest_sufficient_threshold() -> None:
    log_odds = logit(np.array([0.1, 0.6, 0.35, 0.8], np.float32))
    points = metrics.precision_recall_points(LABELS, log_odds, points=4)
    assert [point["recall"] for point in points] == [0.25, 0.5, 0.75, 1]
    assert [point["precision"] for point in points] == pytest.approx([1, 1, 2 / 3, 2 / 3])


def test_precision_of_a_constant_prediction() -> None:
    points = metrics.precision_recall_points(LABELS, np.ones(4, np.float32))
    assert {point["precision"] for point in points} == {0.5}
