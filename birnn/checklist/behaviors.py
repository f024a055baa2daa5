"""Behavioural tests: what a reader of sentiment must get right, whatever its accuracy.

Ribeiro, Wu, Guestrin and Singh, "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList",
ACL 2020, section 2.2. A minimum functionality test (MFT) has texts whose class is beyond doubt; an
invariance test (INV) changes what must not matter; a directional expectation test (DIR) changes a
text so that the prediction may move one way alone.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from birnn.evaluation import intervals
from birnn.evaluation.model_names import THRESHOLD

Probabilities = NDArray[np.float32]
Predict = Callable[[tuple[str, ...]], Probabilities]

# A prediction may move this far against the expected direction: as in the paper, section 3.
TOLERANCE = 0.1

PRAISE = (
    "great", "excellent", "wonderful", "superb", "brilliant", "fantastic", "amazing",
    "outstanding", "beautiful", "perfect",
)  # fmt: skip
BLAME = (
    "terrible", "awful", "horrible", "boring", "dreadful", "pathetic", "bad", "dull",
    "ridiculous", "disappointing",
)  # fmt: skip
PLAIN = (
    "This is a {} film.",
    "What a {} movie!",
    "I thought that the film was {}.",
    "The acting was {}.",
    "It was {} from start to finish.",
    "The story is {}, and so is the cast.",
)
NEGATED = (
    "This is not a {} film.",
    "It was not {} at all.",
    "I did not think that the film was {}.",
    "Nobody could call this movie {}.",
    "The acting was never {}.",
)
NEUTRAL = "I saw it on a Tuesday evening."
ADDED_PRAISE = "I loved every minute of it."
ADDED_BLAME = "I hated every minute of it."
BLANKS = " \n\t ...\n\n -- \n"

NAMES = (
    "John", "Michael", "David", "James", "Robert", "Peter", "George", "Paul", "Richard", "Tom",
    "Mary", "Sarah", "Susan", "Karen", "Linda", "Laura", "Anna", "Helen", "Alice", "Emma",
)  # fmt: skip
_NAME = re.compile(rf"\b({'|'.join(NAMES)})\b")


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
class Behaviour:
    """One behavioural test.

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
            return _differ(found > THRESHOLD, labels == 1)
        before = predict(tuple(case.original for case in self.cases))
        if self.kind == "INV":
            return _differ(found > THRESHOLD, before > THRESHOLD)
        directions = np.array([case.direction for case in self.cases])
        failed: NDArray[np.bool_] = directions * (found - before) < -TOLERANCE
        return failed


def _differ(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return first ^ second


def behaviours(texts: Sequence[str], texts_with_names: Sequence[str]) -> list[Behaviour]:
    """Return all tests; those that change texts take real ones, the second with NAMES in them."""
    return [
        Behaviour("vocabulary", "MFT", "plain praise is positive", _filled(PLAIN, PRAISE, 1)),
        Behaviour("vocabulary", "MFT", "plain blame is negative", _filled(PLAIN, BLAME, 0)),
        Behaviour("negation", "MFT", "negated praise is negative", _filled(NEGATED, PRAISE, 0)),
        Behaviour("negation", "MFT", "negated blame is not negative", _filled(NEGATED, BLAME, 1)),
        Behaviour(
            "names", "INV", "people get other first names", _changed(texts_with_names, rename)
        ),
        Behaviour("robustness", "INV", "blanks and dots at both ends", _changed(texts, _padded)),
        Behaviour(
            "robustness", "INV", "a neutral sentence before", _changed(texts, _after_neutral)
        ),
        Behaviour(
            "robustness", "INV", "a neutral sentence after", _changed(texts, _before_neutral)
        ),
        Behaviour("robustness", "INV", "upper case", _changed(texts, str.upper)),
        Behaviour("robustness", "INV", "lower case", _changed(texts, str.lower)),
        Behaviour("vocabulary", "DIR", "praise added at the end", _ended(texts, ADDED_PRAISE, 1)),
        Behaviour("vocabulary", "DIR", "blame added at the end", _ended(texts, ADDED_BLAME, -1)),
    ]


def has_name(text: str) -> bool:
    """Tell whether one of NAMES stands in a text."""
    return _NAME.search(text) is not None


def rename(text: str) -> str:
    """Return a text in which each of NAMES is the next one of the same gender."""
    half = len(NAMES) // 2
    following = {name: NAMES[(place + 1) % half] for place, name in enumerate(NAMES[:half])}
    following |= {name: NAMES[half + (place + 1) % half] for place, name in enumerate(NAMES[half:])}
    return _NAME.sub(lambda found: following[found[0]], text)


def _filled(templates: Sequence[str], adjectives: Sequence[str], label: int) -> list[Case]:
    return [
        Case(_with_article(template.format(adjective)), label=label)
        for template, adjective in product(templates, adjectives)
    ]


def _with_article(text: str) -> str:
    return re.sub(r"\ba (?=[aeiou])", "an ", text)


def _changed(texts: Sequence[str], change: Callable[[str], str]) -> list[Case]:
    return [Case(change(text), original=text) for text in texts]


def _ended(texts: Sequence[str], sentence: str, direction: int) -> list[Case]:
    return [Case(f"{text} {sentence}", original=text, direction=direction) for text in texts]


def _padded(text: str) -> str:
    return f"{BLANKS}{text}{BLANKS}"


def _after_neutral(text: str) -> str:
    return f"{NEUTRAL} {text}"


def _before_neutral(text: str) -> str:
    return f"{text} {NEUTRAL}"


def rows(
    behaviours: Sequence[Behaviour], predictors: dict[str, Predict]
) -> Iterator[dict[str, str | int | float | None]]:
    """Yield a row a test and model: cases, failures, and their rate with its 95 % interval."""
    # The same reviews are changed in many ways, and predicted unchanged once.
    remembered = {model: cache(predict) for model, predict in predictors.items()}
    for test in behaviours:
        for model, predict in remembered.items():
            cases = len(test.cases)
            failures = int(test.failures(predict).sum()) if cases else 0
            low, high = intervals.of_proportion(failures, cases) or (None, None)
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
