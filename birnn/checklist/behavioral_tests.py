"""The behavioral tests and their texts.

The capabilities and kinds of tests follow Ribeiro et al., "Beyond Accuracy: Behavioral Testing of
NLP Models with CheckList", ACL 2020, section 2.

There is no test of case, punctuation or blanks: the tokenizer ignores them, so no model could fail.
"""

import re
from collections.abc import Sequence
from itertools import product

from birnn.checklist.runner import Behavior

SAMPLE_SIZE = 1_000  # test reviews to change

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


def all_behaviors(texts: Sequence[str], texts_with_names: Sequence[str]) -> list[Behavior]:
    """Return all tests; the test of names changes `texts_with_names`, others change `texts`."""
    renamed, preceded = list(map(rename, texts_with_names)), [f"{NEUTRAL} {text}" for text in texts]
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
