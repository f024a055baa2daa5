"""The threshold: one place decides which reviews are classified as positive."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from birnn.checklist.runner import Behavior, Case
from birnn.cli.predict import predict
from birnn.evaluation import metrics
from birnn.inference.explanation import Explainer
from birnn.inference.predictor import Predictor
from birnn.networks import decision
from birnn.networks.registry import NETWORKS
from birnn.studies.differences import REVIEW_VALUES
from tests.birnn.predictors import small_predictor

POSITIVE = np.ones(1, np.uint8)
encoding = cache(lambda: small_predictor().encoding)


class Fixed(Predictor):
    """A predictor that gives every text the same log-odds."""

    def __init__(self, log_odds: NDArray[np.float32]) -> None:
        """Create a predictor without networks."""
        super().__init__(encoding(), {})
        self.__dict__["log_odds"] = log_odds

    def predict_sequences(self, _sequences: NDArray[np.int32]) -> dict[str, NDArray[np.float32]]:
        """Return the log-odds as the predictions of every network."""
        return dict.fromkeys(NETWORKS, self.log_odds)


# Each returns whether the code that it calls classifies a review with these log-odds as positive.
PLACES: dict[str, Callable[[NDArray[np.float32]], Any]] = {
    "class": lambda odds: decision.predicted_class(odds.item()) == "positive",
    "metrics": lambda odds: metrics.is_correct(POSITIVE, odds)[0],
    "study": lambda odds: REVIEW_VALUES["accuracy"](POSITIVE, odds)[0],
    "behavioral tests": lambda odds: (
        not Behavior("", "MFT", "", [Case("", label=1)]).failures(lambda _: odds)[0]
    ),
    "predict": lambda odds: (
        predict(Fixed(odds), [("", "good")], unknown=False)["sentiment"].item() == "positive"
    ),
    "explain": lambda odds: Explainer(Fixed(odds)).explain("good").sentiment == "positive",
}


@pytest.mark.parametrize("place", PLACES)
def test_probabilities_above_one_half_are_positive_everywhere(place: str) -> None:
    for log_odds in np.array([-3, -0.01, 0, 0.01, 3], np.float32):
        is_positive = decision.probability(log_odds) > 0.5
        assert bool(PLACES[place](np.array([log_odds]))) == is_positive


def test_models_are_combined_by_their_mean_log_odds() -> None:
    log_odds = [np.array([1, 2, 3], np.float32), np.array([3, -2, 0], np.float32)]
    assert decision.combine(log_odds).tolist() == [2, 0, 1.5]
