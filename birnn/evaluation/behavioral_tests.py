"""Behavioral tests: requirements on a sentiment model that its accuracy does not measure.

Ribeiro, Wu, Guestrin and Singh, "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList",
ACL 2020, section 2. A minimum functionality test (MFT) has texts of an unambiguous class. An
invariance test (INV) changes a text in a way that must not change the predicted class. A
directional expectation test (DIR) changes a text in a way that must not move the probability in
the wrong direction.

A case counts only if a network can fail it: the change must alter the ids that the networks read.
The tokenizer ignores case, punctuation and blanks, so no test changes only these, and long texts
are truncated.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import compress, product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from birnn.networks.log_odds import is_positive, probability

Predict = Callable[[tuple[str, ...]], NDArray[np.float32]]
"""Returns the log-odds of texts, shape (texts,)."""

# Tolerated change of a probability in the wrong direction, as in section 3 of the paper.
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

MEN = ("John", "Michael", "David", "James", "Robert", "Peter", "George", "Paul", "Richard", "Tom")
WOMEN = ("Mary", "Sarah", "Susan", "Karen", "Linda", "Laura", "Anna", "Helen", "Alice", "Emma")
NEXT_NAMES = dict(zip(MEN, MEN[1:] + MEN[:1], strict=True))
NEXT_NAMES |= dict(zip(WOMEN, WOMEN[1:] + WOMEN[:1], strict=True))
_NAME = re.compile(rf"\b({'|'.join(NEXT_NAMES)})\b")


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

        `encode` returns the ids that the networks read, int32, shape (texts, maxlen).
        """
        if not self.originals:
            return self
        changed = (encode(self.originals) != encode(self.texts)).any(axis=1)
        texts, originals = (
            list(compress(column, changed)) for column in (self.texts, self.originals)
        )
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


def all_behaviors(texts: Sequence[str], texts_with_names: Sequence[str]) -> list[Behavior]:
    """Return all tests; the test of names changes `texts_with_names`, others change `texts`."""
    renamed = [rename(text) for text in texts_with_names]
    preceded = [f"{NEUTRAL} {text}" for text in texts]
    followed, praised, blamed = (
        [f"{text} {sentence}" for text in texts]
        for sentence in (NEUTRAL, ADDED_PRAISE, ADDED_BLAME)
    )
    return [
        Behavior("vocabulary", "MFT", "plain praise is positive", _fill(PLAIN, PRAISE), expected=1),
        Behavior("vocabulary", "MFT", "plain blame is negative", _fill(PLAIN, BLAME)),
        Behavior("negation", "MFT", "negated praise is negative", _fill(NEGATED, PRAISE)),
        Behavior(
            "negation", "MFT", "negated blame is not negative", _fill(NEGATED, BLAME), expected=1
        ),
        Behavior("names", "INV", "people get other first names", renamed, texts_with_names),
        Behavior("robustness", "INV", "a neutral sentence before", preceded, texts),
        Behavior("robustness", "INV", "a neutral sentence after", followed, texts),
        Behavior("vocabulary", "DIR", "praise added at the end", praised, texts, 1),
        Behavior("vocabulary", "DIR", "blame added at the end", blamed, texts, -1),
    ]


def has_name(text: str) -> bool:
    """Return whether a text contains one of the names."""
    return _NAME.search(text) is not None


def rename(text: str) -> str:
    """Replace each of the names in a text by the next name of the same gender."""
    return _NAME.sub(lambda match: NEXT_NAMES[match[0]], text)


def _fill(templates: Sequence[str], adjectives: Sequence[str]) -> list[str]:
    filled = (template.format(word) for template, word in product(templates, adjectives))
    return [re.sub(r"\ba (?=[aeiou])", "an ", text) for text in filled]
