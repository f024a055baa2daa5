"""Attribution of a prediction to the words of its text, and the exact one of the baseline."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from birnn.baseline.baseline import norm
from birnn.evaluation.baseline_model import BaselineModel


@dataclass(frozen=True)
class Attribution:
    """Attribution of a prediction to the words of its text, in log-odds of the positive class."""

    blank: float  # log-odds of the text with every word blanked
    log_odds: float  # log-odds of the text
    # Contribution of each word, or of each position of a sequence, float64.
    contributions: NDArray[np.float64]
    # What the model weighs, words or n-grams, and the contribution of each.
    terms: list[tuple[str, float]] = field(default_factory=list)

    @property
    def gap(self) -> float:
        """Log-odds that the contributions leave unexplained: the error of numerical integration.

        By the completeness axiom (Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep
        Networks", 2017, section 3), exact contributions add up to `log_odds - blank`.
        """
        return self.log_odds - self.blank - float(self.contributions.sum())


def attribute_exactly(model: BaselineModel, words: list[str]) -> Attribution:
    """Return how each word of a text contributes to the log-odds of the baseline.

    The contribution of an n-gram is its weight, divided by the norm of the text if there is one. It
    is shared equally by the occurrences of the n-gram, and then by its words.
    """
    places = [
        (ngram, start, length)
        for length in range(1, model.baseline.longest + 1)
        for start in range(len(words) - length + 1)
        if (ngram := " ".join(words[start : start + length])) in model.weights
    ]
    counts = Counter(ngram for ngram, _, _ in places)
    text_norm = float(norm(sum(model.squares.get(ngram, 0) for ngram in counts)))
    terms = {ngram: model.weights[ngram] / text_norm for ngram in counts}
    contributions = np.zeros(len(words))
    for ngram, start, length in places:
        contributions[start : start + length] += terms[ngram] / counts[ngram] / length
    intercept = model.baseline.intercept
    log_odds = intercept + sum(terms.values())
    return Attribution(intercept, log_odds, contributions, [*terms.items()])
