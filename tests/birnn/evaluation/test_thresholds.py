"""Thresholds that held-out reviews choose."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from birnn.evaluation import thresholds
from birnn.evaluation.thresholds import Decision
from birnn.networks.log_odds import is_positive, probability
from birnn.runtime.errors import InputError
from tests.birnn import samples

COLUMNS = samples.predictions(every=20)
LABELS, LOG_ODDS = COLUMNS["label"], COLUMNS["baseline"] - 2


@pytest.mark.parametrize("rarer", [0, 1])
def test_threshold_has_the_best_f1_of_the_rarer_class(rarer: int) -> None:
    labels, log_odds = (LABELS, LOG_ODDS) if rarer == 1 - LABELS[0] else (1 - LABELS, -LOG_ODDS)

    def f1(threshold: float) -> float:
        return float(f1_score(labels == rarer, is_positive(log_odds, threshold) == rarer))

    best = max(f1(threshold) for threshold in np.linspace(0.001, 0.999, 999))
    assert f1(thresholds.maximize_f1(labels, log_odds, rarer)) == pytest.approx(best, abs=0.01)
    assert best > f1(0.5)
    # Models that separate the classes completely, or not at all, have thresholds, too.
    assert 0 < thresholds.maximize_f1(labels, 99.0 * labels, rarer) < 1
    assert 0 < thresholds.maximize_f1(labels, np.zeros(len(labels)), rarer) < 1


@pytest.mark.parametrize("label", [0, 1])
def test_wanted_recall_or_precision_is_reached(label: int) -> None:
    for wanted in (0.3, 0.6, 0.9):
        threshold = thresholds.reach(LABELS, LOG_ODDS, label, "recall", wanted)
        assert thresholds.detections(LABELS, LOG_ODDS, label, threshold)["recall"] >= wanted
    threshold = thresholds.reach(LABELS, LOG_ODDS, label, "precision", 0.8)
    found = is_positive(LOG_ODDS, threshold) == label
    assert (LABELS[found] == label).mean() >= 0.8
    with pytest.raises(InputError, match=r"no threshold has a recall of 1\.1 .*highest is 1\.000"):
        thresholds.reach(LABELS, LOG_ODDS, label, "recall", 1.1)


def test_detections_of_a_worked_example() -> None:
    labels, log_odds = np.array([0, 0, 0, 1, 1], np.uint8), np.array([-1, -1, 1, 1, 1.0])
    expected = {"recall": 1, "false_alarms": pytest.approx(1 / 3)}
    assert thresholds.detections(labels, log_odds, 1, 0.5) == expected
    assert thresholds.detections(labels, log_odds, 0, 0.5)["false_alarms"] == 0


def test_decision_is_fitted_unless_the_classes_are_equal_or_a_threshold_is_given() -> None:
    log_odds = {"baseline": LOG_ODDS}
    for rarer, given, expected in ((None, None, 0.5), (1, 0.3, 0.3), (None, 0.3, 0.3)):
        decision = thresholds.fit(LABELS, log_odds, rarer, given)["baseline"]
        assert (decision.threshold, decision.temperature != 1) == (expected, True)
    decision = thresholds.fit(LABELS, log_odds, 0, None)["baseline"]
    scaled = LOG_ODDS / decision.temperature
    assert decision.threshold == thresholds.maximize_f1(LABELS, scaled, 0)
    margins = decision.margins(LOG_ODDS)
    assert decision.probability(margins) == pytest.approx(probability(scaled), abs=1e-6)
    assert np.array_equal(margins > 0, is_positive(scaled, decision.threshold))
    assert Decision().margins(LOG_ODDS).tolist() == LOG_ODDS.tolist()
