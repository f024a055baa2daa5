"""The folder that holds a corpus: a Parquet file a split, the vocabulary, and a description."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from tqdm import tqdm

from birnn.core.errors import InputError
from birnn.core.machine import BATCH_SIZE
from birnn.core.outputs import write_json
from birnn.corpora.review import SPLITS, Digest, Review
from birnn.corpora.sources import Corpus
from birnn.text import tokenizer
from birnn.text.parallel import map_in_order

SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "group": pa.string(),
        "label": pa.uint8(),
        "text": pa.string(),
        "tokens": pa.list_(pa.string()),
    }
)
LARGEST_BATCH = 20_000_000  # characters


class Tally:
    """What is known of the reviews of a split when all have passed, in 32 bytes a review."""

    def __init__(self) -> None:
        """Begin with no review."""
        self.digest = Digest()
        self.places = array("L")
        self.positive = 0
        self.ids, self.groups, self.texts = (array("Q") for _ in range(3))

    def add(self, review: Review, place: int) -> None:
        """Add the review at a place in the corpus, counted from 0."""
        self.places.append(place)
        self.positive += review.label
        self.ids.append(_short_hash(review.id.encode()))
        self.groups.append(_short_hash(review.group.encode()))
        self.texts.append(_short_hash(self.digest.add(review)))

    def describe(self) -> dict[str, Any]:
        """Return the counts of reviews, of positive ones and of groups, and the digest."""
        return {
            "reviews": len(self.ids),
            "positive": self.positive,
            "groups": len(np.unique(self.groups)),
            "digest": self.digest.hexdigest(),
        }


def write(corpus: Corpus, folder: Path, *, refuse_overlap: bool = False) -> dict[str, Any]:
    """Write `train.parquet`, `test.parquet`, `vocabulary.txt` and `corpus.json` into `folder`.

    The vocabulary is that of the training split, by frequency where the corpus has no order of its
    own. The reviews pass one batch at a time, and are in memory no longer.

    Returns what `corpus.json` says: the names of the corpus and of the one that was asked for, the
    size of the vocabulary, the number of test reviews whose text is a training review's as well,
    and for each split the counts of reviews, of positive ones and of groups, and the digest.

    Raises:
        InputError: an id stands twice, a split lacks one of the two classes, or, with
            `refuse_overlap`, a text stands in both splits.
    """
    tallies = {split: Tally() for split in SPLITS}
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        writers = {
            split: stack.enter_context(
                pq.ParquetWriter(folder / f"{split}.parquet", SCHEMA, compression="zstd")
            )
            for split in SPLITS
        }
        for split, table, words in map_in_order(_tokenized, _batches(corpus.read(), tallies)):
            writers[split].write_batch(table)
            if split == "train":
                counts.update(words)
    _check_ids(corpus, tallies)
    _check_classes(corpus.name, tallies)
    shared = np.isin(tallies["test"].texts, tallies["train"].texts)
    if refuse_overlap and shared.any():
        _refuse_overlap(corpus, tallies["test"], shared)
    ranked = corpus.vocabulary or tokenizer.rank(counts)
    tokenizer.write(ranked, folder / "vocabulary.txt")
    description = {
        "name": corpus.name,
        "requested": corpus.requested,
        "vocabulary": len(ranked),
        "overlap": int(shared.sum()),
        **{split: tally.describe() for split, tally in tallies.items()},
    }
    write_json(folder / "corpus.json", description)
    return description


def _batches(
    reviews: Iterable[Review], tallies: dict[str, Tally]
) -> Iterator[tuple[str, list[Review]]]:
    """Yield the reviews in batches of one split, and tally them."""
    waiting: dict[str, list[Review]] = {split: [] for split in SPLITS}
    sizes = dict.fromkeys(SPLITS, 0)
    for place, review in enumerate(tqdm(reviews, desc="writing", unit=" reviews", disable=None)):
        split = review.split
        tallies[split].add(review, place)
        waiting[split].append(review)
        sizes[split] += len(review.text)
        if len(waiting[split]) == BATCH_SIZE or sizes[split] > LARGEST_BATCH:
            yield split, waiting[split]
            waiting[split], sizes[split] = [], 0
    for split, batch in waiting.items():
        if batch:
            yield split, batch


def _tokenized(batch: tuple[str, list[Review]]) -> tuple[str, pa.RecordBatch, Counter[str]]:
    """Return the rows of a batch, with their tokens, and the count of each token."""
    split, reviews = batch
    tokens = tokenizer.tokenize(review.text for review in reviews)
    columns = [
        pa.array([review.id for review in reviews], pa.string()),
        pa.array([review.group for review in reviews], pa.string()),
        pa.array([review.label for review in reviews], pa.uint8()),
        pa.array([review.text for review in reviews], pa.string()),
        tokens,
    ]
    return split, pa.record_batch(columns, schema=SCHEMA), tokenizer.count(tokens)


def _check_ids(corpus: Corpus, tallies: dict[str, Tally]) -> None:
    places = np.concatenate([np.asarray(tallies[split].places) for split in SPLITS])
    ids = np.concatenate([np.asarray(tallies[split].ids) for split in SPLITS])[np.argsort(places)]
    order = np.argsort(ids, kind="stable")
    twice = order[1:][np.diff(ids[order]) == 0]
    if len(twice):
        second = int(twice.min())
        first = int(np.flatnonzero(ids == ids[second])[0])
        found = [_review(corpus, place) for place in (first, second)]
        raise InputError(
            f"{found[1].place}: the id {found[1].id!r} is that of {found[0].place} as well: "
            "ids must be unique"
        )


def _check_classes(name: str, tallies: dict[str, Tally]) -> None:
    for split, tally in tallies.items():
        if not 0 < tally.positive < len(tally.ids):
            raise InputError(
                f"the {split} split of {name} has {len(tally.ids)} reviews, {tally.positive} of "
                "them positive: both classes are needed, so choose another fetch.source"
            )


def _refuse_overlap(corpus: Corpus, test: Tally, shared: NDArray[np.bool_]) -> None:
    first = _review(corpus, test.places[int(shared.argmax())])
    raise InputError(
        f"{first.place}: the text of this test review stands in the training split as well, as do "
        f"{shared.sum():,} in all: remove them, or set fetch.overlap to report"
    )


def _review(corpus: Corpus, place: int) -> Review:
    """Read the corpus again, up to a place: only a hash of each review was kept."""
    return next(islice(corpus.read(), place, None))


def _short_hash(content: bytes) -> int:
    """Return 64 bits: of a million different contents, two are equal once in 37 million corpora."""
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "big")
