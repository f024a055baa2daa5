"""Scores on held-out reviews, and the choice of a model by them."""

from typing import Any

import pandas as pd
import pytest

from birnn.evaluation import calibration, held_out, metrics, selection, summary
from birnn.evaluation.model_names import ALL_TITLES, BASELINE, NETWORKS, TITLES
from birnn.evaluation.thresholds import Decision
from birnn.runtime.errors import InputError
from stages.evaluate import with_networks
from tests.birnn import samples

FIRST = samples.MODELS[0]
RARER = 0  # label


def test_scores_on_held_out_reviews_and_calibration() -> None:
    columns = samples.predictions()
    test, watched = (
        with_networks(pd.DataFrame(each)) for each in (columns, samples.predictions(seed=1))
    )
    labels, before = watched["label"], samples.metrics(columns)
    decisions = {name: Decision(1 + n / 10, 0.5 - n / 20) for n, name in enumerate(ALL_TITLES)}
    measured = held_out.add_scores(before, watched, test, RARER, decisions)
    for name in (*TITLES, "networks"):
        margins, temperature = decisions[name].margins(watched[name]), decisions[name].temperature
        expected = {
            "holdout_accuracy": ((margins > 0) == labels).mean(),
            "holdout_rarer": metrics.class_scores(labels, margins, RARER),
            "holdout_thresholds": metrics.threshold_scores(
                labels, watched[name] / temperature, RARER
            ),
            "temperature": temperature,
        }
        if name in TITLES:
            scaled = columns[name] / temperature
            curve = calibration.reliability(columns["label"], scaled, columns["group"])
            expected |= {
                "loss_scaled": metrics.cross_entropies(columns["label"], scaled).mean(),
                "ece_scaled": calibration.expected_calibration_error(curve),
            }
        assert measured[name] == before[name] | summary.rounded(expected)


@pytest.mark.parametrize(
    ("accuracies", "rare", "select", "best"),
    [
        ((0.8, 0.7, 0.9), 400, "auto", "networks"),
        ((0.8, 0.9, 0.9), 400, "auto", FIRST),
        ((0.9, 0.9, 0.9), 400, "auto", BASELINE),
        ((0.8, 0.7, 0.9), 399, "auto", FIRST),
        ((0.8, 0.7, 0.9), 399, "accuracy", "networks"),
        ((0.8, 0.7, 0.9), 400, "average_precision", FIRST),
        ((0.8, 0.7, 0.9), 400, BASELINE, BASELINE),
        ((), 399, "auto", BASELINE),
        ((), 400, "networks", "networks"),
    ],
)
def test_choice_of_the_cheapest_of_the_best_models(
    accuracies: Any, rare: int, select: str, best: str
) -> None:
    """Test with average precisions in the reverse order; no accuracies mean no hold-out."""
    rarer = {"train": rare} | ({"held_out": 9} if accuracies else {})
    measured: dict[str, Any] = {"corpus": {"train_reviews": 1_000, "rarer": rarer}}
    for name, accuracy in zip((BASELINE, FIRST, "networks"), accuracies or (0, 0, 0), strict=True):
        scores = {"average_precision": 1 - accuracy}
        measured[name] = {"holdout_accuracy": accuracy, "holdout_rarer": scores}
    measured |= dict.fromkeys(NETWORKS, measured[FIRST])
    assert selection.choose(measured, select)["model"] == best
    with pytest.raises(InputError, match="which is not trained"):
        selection.choose({"corpus": measured["corpus"], BASELINE: {}}, "networks")
