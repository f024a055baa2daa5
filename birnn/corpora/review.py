"""A labelled review, and the digest that tells one set of reviews from another."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Review:
    """One review.

    Attributes:
        id: unique in the corpus, and telling the label to a reader.
        group: the film; reviews of one film never stand on both sides of a hold-out.
        label: 1 positive, 0 negative.
        text: as the source has it.
    """

    id: str
    group: str
    label: int
    text: str


Splits = Mapping[str, Sequence[Review]]
"""The reviews of `train` and of `test`."""

SPLITS = ("train", "test")


def digest(reviews: Sequence[Review]) -> str:
    """Return the sha256, in hex, over each review's id, a zero byte and the sha256 of its text.

    It depends on what the reviews say and on their order, not on how they were packed.
    """
    total = hashlib.sha256()
    for review in reviews:
        total.update(review.id.encode() + b"\0" + hashlib.sha256(review.text.encode()).digest())
    return total.hexdigest()
