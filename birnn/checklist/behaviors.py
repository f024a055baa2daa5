"""Behavioral tests: what a reader of sentiment must get right, whatever its accuracy.

Ribeiro, Wu, Guestrin and Singh, "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList",
ACL 2020, section 2.2. A minimum functionality test (MFT) has texts whose class is beyond doubt; an
invariance test (INV) changes what must not matter; a directional expectation test (DIR) changes a
text so that the prediction may move one way alone.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from birnn.evaluation.decision import is_positive
from birnn.evaluation.intervals import wilson_interval

Probabilities = NDArray[np.float32]
Predict = Callable[[tuple[str, ...]], Probabilities]

# A prediction may move this far against the expected direction: as in the paper, section 3.
TOLERANCE = 0.1


@dataclass(frozen=True)
class Case:
    """A text, and what is expected of it.

    Attributes:
        text: what is read.
        original: the text that it was made of, of INV and DIR.
        label: the class that it must have, of MFT.
        direction: where its probability may move, of DIR: 1 up, −1 down.
    """

    text: str
    original: str = ""
    label: int = 0
    direction: int = 0


@dataclass(frozen=True)
class Behavior:
    """One behavioral test.

    Attributes:
        capability: what is tested.
        kind: the kind of test.
        description: what is done, and what is expected.
        cases: the texts.
    """

    capability: str
    kind: Literal["MFT", "INV", "DIR"]
    description: str
    cases: list[Case]

    def failures(self, predict: Predict) -> NDArray[np.bool_]:
        """Return which cases a model fails, shape (cases,)."""
        found = predict(tuple(case.text for case in self.cases))
        if self.kind == "MFT":
            labels = np.array([case.label for case in self.cases])
            return _differ(is_positive(found), labels == 1)
        before = predict(tuple(case.original for case in self.cases))
        if self.kind == "INV":
            return _differ(is_positive(found), is_positive(before))
        directions = np.array([case.direction for case in self.cases])
        failed: NDArray[np.bool_] = directions * (found - before) < -TOLERANCE
        return failed


def _differ(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return first ^ second


def run_tests(
    behaviors: Sequence[Behavior], predictors: dict[str, Predict]
) -> Iterator[dict[str, str | int | float | None]]:
    """Yield a row a test and model: cases, failures, and their rate with its 95 % interval."""
    # The same reviews are changed in many ways, and predicted unchanged once.
    remembered = {model: cache(predict) for model, predict in predictors.items()}
    for test in behaviors:
        for model, predict in remembered.items():
            cases = len(test.cases)
            failures = int(test.failures(predict).sum()) if cases else 0
            low, high = wilson_interval(failures, cases) or (None, None)
            yield {
                "capability": test.capability,
                "kind": test.kind,
                "test": test.description,
                "model": model,
                "cases": cases,
                "failures": failures,
                "failure_rate": failures / cases if cases else None,
                "low": low,
                "high": high,
            }
