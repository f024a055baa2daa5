"""Store a corpus in a folder: one Parquet file per split, the vocabulary, and a description."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from birnn.core import paths
from birnn.core.batching import batched, map_in_order
from birnn.core.outputs import write_json
from birnn.reviews import tokenizer
from birnn.reviews.corpus import SPLITS, Corpus, Digest, Review, short_hash
from birnn.reviews.corpus_reader import all_texts, column
from birnn.reviews.tokenizer import Tokenizer
from birnn.runtime.errors import InputError

SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "group": pa.string(),
        "label": pa.uint8(),
        "text": pa.string(),
        "tokens": pa.list_(pa.string()),
    }
)


class Tally:
    """Counts and hashes of the reviews of a split, in 24 bytes per review."""

    def __init__(self) -> None:
        """Start with no reviews."""
        self.digest = Digest()
        self.positive = 0
        self.ids, self.groups, self.texts = array("Q"), array("Q"), array("Q")

    def add(self, review: Review) -> None:
        """Add a review."""
        self.positive += review.label
        self.ids.append(short_hash(review.id.encode()))
        self.groups.append(short_hash(review.group.encode()))
        self.texts.append(short_hash(review.text.encode()))
        self.digest.add(review.id, review.text)

    def describe(self) -> dict[str, Any]:
        """Return the numbers of reviews, positive reviews and groups, and the digest."""
        return {
            "reviews": len(self.texts),
            "positive": self.positive,
            "groups": len(np.unique(self.groups)),
            "digest": self.digest.hexdigest(),
        }


def write(corpus: Corpus, folder: Path, *, refuse_overlap: bool = False) -> dict[str, Any]:
    """Write the reviews of both splits, the vocabulary and the description into `folder`.

    These are `train.parquet`, `test.parquet`, `vocabulary.txt` (the words of the training split,
    ranked by frequency), `corpus.json`, and `overlap.npy`: the rows of the test reviews whose text
    is also in the training split, int64, ascending.

    Reviews are processed in batches, so they need not fit in memory.

    Returns the content of `corpus.json`.
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
        batches = batched(
            _counted(corpus.read(), tallies), lambda review: len(review.text), attrgetter("split")
        )
        for split, rows, word_counts in map_in_order(
            lambda batch: _tokenize(batch, corpus.tokenizer), batches
        ):
            writers[split].write_batch(rows)
            if split == "train":
                counts.update(word_counts)
    if corpus.verify:
        for split, tally in tallies.items():
            corpus.verify(split, tally.digest.hexdigest())
    _check_ids(corpus, tallies, folder)
    _check_classes(corpus, tallies)
    shared = np.isin(tallies["test"].texts, tallies["train"].texts)
    if refuse_overlap and shared.any():
        first = column(folder / "test.parquet", "id")[shared.argmax()]
        raise InputError(
            f"test review {first}: its text is also in the training split ({shared.sum():,} such "
            "reviews): remove them, or set fetch.overlap to report"
        )
    np.save(folder / "overlap.npy", np.flatnonzero(shared))
    ranked = tokenizer.rank(counts)
    if not ranked:
        raise InputError(f"no training review of {corpus.name} has a word: check csv.text_column")
    tokenizer.write(ranked, folder / "vocabulary.txt")
    description = {
        "name": corpus.name,
        "requested": corpus.fallback_for or corpus.name,
        "tokenizer": corpus.tokenizer,
        "classes": corpus.classes,
        "vocabulary": len(ranked),
        "overlap": int(shared.sum()),
        **{split: tally.describe() for split, tally in tallies.items()},
    }
    write_json(folder / "corpus.json", description)
    return description


def write_unlabelled(
    texts: Iterable[str], labelled: Path, folder: Path, name: Tokenizer
) -> dict[str, int]:
    """Write the words of unlabelled texts; return the numbers of texts written and left out.

    Texts of the reviews in `labelled`, the folder of `write`, are left out: networks would be
    tested on text that they have seen.
    """
    known: set[int] = set()
    counts: Counter[bool] = Counter()

    def is_new(text: str) -> bool:
        if not known:  # here, because it takes time and memory also if there are no texts
            for split in SPLITS:
                labelled_texts = all_texts(labelled / f"{split}.parquet")
                known.update(short_hash(text.encode()) for text in labelled_texts)
        new = short_hash(text.encode()) not in known
        counts[new] += 1
        return new

    file, schema = folder / paths.UNLABELLED_REVIEWS.name, pa.schema([SCHEMA.field("tokens")])
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for tokens in map_in_order(
            lambda batch: tokenizer.tokenize(batch, name), batched(filter(is_new, texts), len)
        ):
            writer.write_batch(pa.record_batch([tokens], schema=schema))
    description = {"reviews": counts[True], "left_out": counts[False]}
    write_json(folder / paths.UNLABELLED_DESCRIPTION.name, description)
    return description


def _counted(reviews: Iterable[Review], tallies: dict[str, Tally]) -> Iterator[Review]:
    """Yield reviews, and add each to the tally of its split."""
    for review in tqdm(reviews, desc="writing", unit=" reviews", disable=None):
        tallies[review.split].add(review)
        yield review


def _tokenize(reviews: list[Review], name: Tokenizer) -> tuple[str, pa.RecordBatch, Counter[str]]:
    """Return the split of a batch, its rows with their tokens, and the count of each token."""
    tokens = tokenizer.tokenize((review.text for review in reviews), name)
    fields = ("id", "group", "label", "text")
    columns = {field: [getattr(review, field) for review in reviews] for field in fields}
    rows = pa.record_batch(columns | {"tokens": tokens}, schema=SCHEMA)
    return reviews[0].split, rows, tokenizer.count(tokens)


def _check_ids(corpus: Corpus, tallies: dict[str, Tally], folder: Path) -> None:
    hashes = np.concatenate([tally.ids for tally in tallies.values()])
    _, first = np.unique(hashes, return_index=True)
    if len(first) < len(hashes):
        ids = np.concatenate([column(folder / f"{split}.parquet", "id") for split in tallies])
        repeated = np.delete(ids, first)[0]
        raise InputError(
            f"{corpus.name} has several reviews with the id {repeated!r}: make the values of "
            "csv.id_column unique"
        )


def _check_classes(corpus: Corpus, tallies: dict[str, Tally]) -> None:
    for split, tally in tallies.items():
        negative = len(tally.texts) - tally.positive
        if not tally.positive or not negative:
            counts = f"{tally.positive} {corpus.classes[1]} and {negative} {corpus.classes[0]}"
            raise InputError(
                f"the {split} split of {corpus.name} has {counts} reviews, but needs both: "
                "add reviews, or correct csv.positive and csv.negative"
            )
