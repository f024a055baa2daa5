"""A labelled review, and the digest that tells one set of reviews from another."""

import hashlib
from dataclasses import dataclass

SPLITS = ("train", "test")


@dataclass(frozen=True, slots=True)
class Review:
    """One review.

    Attributes:
        split: train or test.
        id: unique in the corpus.
        group: what it is about, as the film; reviews of one group never stand on both sides of a
            hold-out.
        label: 1 positive, 0 negative.
        text: as the source has it, not empty, and fit for UTF-8.
        place: where the source has it, for messages.
    """

    split: str
    id: str
    group: str
    label: int
    text: str
    place: str


class Digest:
    """The sha256 over each review's id, a zero byte and the sha256 of its text.

    It depends on what the reviews say and on their order, not on how they were packed.
    """

    def __init__(self) -> None:
        """Begin with no review."""
        self._total = hashlib.sha256()

    def add(self, review: Review) -> bytes:
        """Add a review; return the sha256 of its text."""
        of_text = hashlib.sha256(review.text.encode()).digest()
        self._total.update(review.id.encode() + b"\0" + of_text)
        return of_text

    def hexdigest(self) -> str:
        """Return the digest of all reviews so far, in hex."""
        return self._total.hexdigest()
