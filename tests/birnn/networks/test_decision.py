"""The threshold: one place decides which reviews are classified as positive."""

from collections.abc import Callable
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
from birnn.studies.differences import REVIEW_VALUES
from birnn.training.loss import accuracy
from tests.birnn.predictors import small_predictor

POSITIVE = np.ones(1, np.uint8)


class Fixed(Predictor):
    """A predictor that gives every text the same log-odds."""

    def __init__(self, log_odds: NDArray[np.float32]) -> None:
        """Create a predictor without networks."""
        super().__init__(small_predictor().encoding, {})
        self.__dict__["log_odds"] = log_odds

    def predict_sequences(self, _sequences: NDArray[np.int32]) -> dict[str, NDArray[np.float32]]:
        """Return the log-odds as the predictions of one network."""
        return {"bilstm": self.log_odds}


# Each returns whether the code that it calls classifies a review with these log-odds as positive.
PLACES: dict[str, Callable[[NDArray[np.float32]], Any]] = {
    "metrics": lambda odds: metrics.is_correct(POSITIVE, odds)[0],
    "training": lambda odds: accuracy(POSITIVE[:, None], odds[:, None]).numpy()[0] == 1,
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
@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.9])
def test_threshold_decides_everywhere(
    place: str, threshold: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision, "THRESHOLD", threshold)
    for log_odds in np.array([-3, -1, 0, 1, 3], np.float32):
        is_positive = decision.probability(log_odds) > threshold
        assert bool(PLACES[place](np.array([log_odds]))) == is_positive
