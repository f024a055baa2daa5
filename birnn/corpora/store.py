"""The folder that holds a corpus: a Parquet file a split, the vocabulary, and a description."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from birnn import vocabulary
from birnn.corpora.review import SPLITS, Review, digest
from birnn.corpora.sources import Corpus
from birnn.errors import InputError
from birnn.files import write_json

SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "group": pa.string(),
        "label": pa.uint8(),
        "text": pa.string(),
        "tokens": pa.list_(pa.string()),
    }
)
BATCH = 2_000  # reviews


def write(corpus: Corpus, folder: Path) -> dict[str, Any]:
    """Write `train.parquet`, `test.parquet`, `vocabulary.txt` and `corpus.json` into `folder`.

    The vocabulary is that of the training split. Returns what `corpus.json` says: the names of
    the corpus and of the one that was asked for, the size of the vocabulary, and for each split
    the counts of reviews, of positive ones and of groups, and the digest.

    Raises:
        InputError: a split lacks one of the two classes.
    """
    for split in SPLITS:
        _check_classes(corpus.name, split, corpus.splits[split])
    counts = {
        split: _write_split(corpus.splits[split], folder / f"{split}.parquet") for split in SPLITS
    }
    words = vocabulary.rank(counts["train"])
    vocabulary.write(words, folder / "vocabulary.txt")
    description = {
        "name": corpus.name,
        "requested": corpus.requested,
        "vocabulary": len(words),
        **{split: _describe(corpus.splits[split]) for split in SPLITS},
    }
    write_json(folder / "corpus.json", description)
    return description


def _check_classes(name: str, split: str, reviews: Sequence[Review]) -> None:
    positive = sum(review.label for review in reviews)
    if not 0 < positive < len(reviews):
        raise InputError(
            f"the {split} split of {name} has {len(reviews)} reviews, {positive} of them "
            "positive: both classes are needed, so choose another fetch.source"
        )


def _write_split(reviews: Sequence[Review], file: Path) -> Counter[str]:
    """Write the reviews with their tokens, and count the tokens."""
    counts: Counter[str] = Counter()
    starts = range(0, len(reviews), BATCH)
    with pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        for start in tqdm(starts, desc=f"writing {file.name}", unit=" batches", disable=None):
            batch = reviews[start : start + BATCH]
            tokens = vocabulary.tokenize(review.text for review in batch)
            counts.update(vocabulary.count(tokens))
            columns = [
                pa.array([review.id for review in batch], pa.string()),
                pa.array([review.group for review in batch], pa.string()),
                pa.array([review.label for review in batch], pa.uint8()),
                pa.array([review.text for review in batch], pa.string()),
                tokens,
            ]
            writer.write_batch(pa.record_batch(columns, schema=SCHEMA))
    return counts


def _describe(reviews: Sequence[Review]) -> dict[str, Any]:
    return {
        "reviews": len(reviews),
        "positive": sum(review.label for review in reviews),
        "groups": len({review.group for review in reviews}),
        "digest": digest(reviews),
    }
