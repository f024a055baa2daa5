"""Behavioral tests: requirements on a sentiment model that its accuracy does not measure.

Ribeiro, Wu, Guestrin and Singh, "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList",
ACL 2020, section 2.2. A minimum functionality test (MFT) has texts of an unambiguous class. An
invariance test (INV) changes a text in a way that must not change the predicted class. A
directional expectation test (DIR) changes a text in a way that must not move the probability in
the wrong direction.

A case counts only if a network can fail it: the change must alter the ids that the networks read.
The tokenizer ignores case and punctuation, and long texts are truncated, so many changes do not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import compress
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from birnn.evaluation.intervals import proportion_interval
from birnn.networks.decision import is_positive, probability

Predict = Callable[[tuple[str, ...]], NDArray[np.float32]]

# Tolerated change of a probability in the wrong direction, as in section 3 of the paper.
TOLERANCE = 0.1


@dataclass(frozen=True)
class Behavior:
    """A behavioral test."""

    capability: str  # the tested capability, such as negation
    kind: Literal["MFT", "INV", "DIR"]
    description: str  # the change to the texts, or the expected class
    texts: Sequence[str]  # the texts to predict, one per case
    originals: Sequence[str] = ()  # the texts before the change, for INV and DIR
    # The class, for MFT; the direction of the probability, for DIR: 1 up, −1 down.
    expected: int = 0

    def without_unchanged(self, encode: Callable[[Sequence[str]], NDArray[np.int32]]) -> "Behavior":
        """Return the test without the cases whose ids are equal before and after the change.

        Args:
            encode: returns the ids that the networks read, int32, shape (texts, maxlen).
        """
        if not self.originals:
            return self
        changed = (encode(self.originals) != encode(self.texts)).any(axis=1)
        texts, originals = (list(compress(each, changed)) for each in (self.texts, self.originals))
        return replace(self, texts=texts, originals=originals)

    def failures(self, predict: Predict) -> NDArray[np.bool_]:
        """Return which cases a model fails, shape (cases,)."""
        log_odds = predict(tuple(self.texts))
        if self.kind == "MFT":
            return is_positive(log_odds) ^ (self.expected == 1)
        originals = predict(tuple(self.originals))
        if self.kind == "INV":
            return is_positive(log_odds) ^ is_positive(originals)
        change = probability(log_odds) - probability(originals)
        failed: NDArray[np.bool_] = self.expected * change < -TOLERANCE
        return failed


def run_tests(
    behaviors: Sequence[Behavior], predictors: Mapping[str, Predict], groups: Mapping[str, int]
) -> Iterator[dict[str, str | int | float | None]]:
    """Yield one row per test and model: the cases, the failures and their rate.

    The cases of INV and DIR are a sample of reviews, so their rate has a 95% interval, from `low`
    to `high`. Sentences made from a few templates are not a sample, so the rate of an MFT has none.

    Args:
        behaviors: the tests.
        predictors: predict the log-odds of texts, by model.
        groups: number of each original text's group, such as its film.
    """
    # Many tests start from the same reviews; predict the unchanged reviews only once.
    cached = {model: cache(predict) for model, predict in predictors.items()}
    for test in behaviors:
        for model, predict in cached.items():
            cases = len(test.texts)
            failed = test.failures(predict) if cases else np.zeros(0, np.bool_)
            interval = None
            if test.kind != "MFT":
                case_groups = np.array([groups[text] for text in test.originals], np.int32)
                interval = proportion_interval(failed, case_groups)
            low, high = interval or (None, None)
            yield {
                "capability": test.capability,
                "kind": test.kind,
                "test": test.description,
                "model": model,
                "cases": cases,
                "failures": int(failed.sum()),
                "failure_rate": failed.mean() if cases else None,
                "low": low,
                "high": high,
            }
