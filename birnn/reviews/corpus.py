"""A labelled review, a corpus of them, and the digest of their texts."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

# Takes a third of the time of `birnn results`.
if TYPE_CHECKING:
    from birnn.reviews.tokenizer import Tokenizer

SPLITS = ("train", "test")
FILM_REVIEWS = ("imdb", "rotten-tomatoes")  # the published corpora; users own all others
CLASSES = ("negative", "positive")  # of the labels 0 and 1, unless the user's labels name them


@dataclass(frozen=True, slots=True)
class Review:
    """A labelled review."""

    split: str  # train or test
    id: str  # a unique id in the corpus
    group: str  # the subject of the review, such as the film; a hold-out never splits a group
    label: int  # 1 positive, 0 negative
    text: str  # the text as in the source, not empty, and encodable as UTF-8


@dataclass(frozen=True)
class Corpus:
    """A corpus."""

    name: str
    # Yields the reviews of both splits, in any order.
    read: Callable[[], Iterator[Review]]
    classes: tuple[str, str] = CLASSES  # the names of the labels 0 and 1
    # Returns the texts of unlabelled reviews.
    read_unlabelled: Callable[[], Iterable[str]] = tuple
    # Yields lines about what was read, such as the number of rows that were skipped.
    describe: Callable[[], Iterable[str]] = tuple
    tokenizer: "Tokenizer" = "unicode"  # splits the texts into words
    # Checks the digest of a split (train or test), if it is known.
    verify: Callable[[str, str], None] | None = None
    # The name of the requested corpus that this one replaces, if any.
    fallback_for: str | None = None


class Digest:
    """The sha256 over the id of each review, a zero byte and the sha256 of its text.

    It depends on the texts and their order, not on how they were packed.
    """

    def __init__(self) -> None:
        """Start with no reviews."""
        self._total = hashlib.sha256()

    def add(self, review_id: str, text: str) -> None:
        """Add a review."""
        text_digest = hashlib.sha256(text.encode()).digest()
        self._total.update(review_id.encode() + b"\0" + text_digest)

    def hexdigest(self) -> str:
        """Return the digest of all reviews so far, in hex."""
        return self._total.hexdigest()


def short_hash(content: bytes) -> int:
    """Return a 64-bit hash; a million different contents collide with a probability of 3e-8."""
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big")
