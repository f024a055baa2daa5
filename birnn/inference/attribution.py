"""Attribution of a prediction to the words of its text."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Attribution:
    """Attribution of one prediction of a model, in log-odds of positive.

    Attributes:
        blank: log-odds of the text with every word blanked.
        log_odds: log-odds of the text.
        contributions: contribution of each word, or of each position of a sequence, float64.
        terms: what the model weighs, words or n-grams, and the contribution of each.
    """

    blank: float
    log_odds: float
    contributions: NDArray[np.float64]
    terms: list[tuple[str, float]] = field(default_factory=list)

    @property
    def gap(self) -> float:
        """Log-odds that the contributions leave unexplained: the error of numerical integration.

        By the completeness axiom (Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep
        Networks", 2017, section 3), exact contributions add up to `log_odds - blank`.
        """
        return self.log_odds - self.blank - float(self.contributions.sum())
