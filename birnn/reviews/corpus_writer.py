"""Store a corpus in a folder: one Parquet file per split, the vocabulary, and a description."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tqdm import tqdm

from birnn.core import paths
from birnn.core.errors import InputError
from birnn.core.outputs import write_json
from birnn.reviews import tokenizer
from birnn.reviews.batching import batched, map_in_order
from birnn.reviews.corpus import SPLITS, Corpus, Digest, Review, short_hash
from birnn.reviews.corpus_reader import all_texts, column
from birnn.reviews.tokenizer import Tokenizer

SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "group": pa.string(),
        "label": pa.uint8(),
        "text": pa.string(),
        "tokens": pa.list_(pa.string()),
    }
)


def write(corpus: Corpus, folder: Path, *, refuse_overlap: bool = False) -> dict[str, Any]:
    """Write the reviews of both splits, the vocabulary and the description into `folder`.

    These are `train.parquet`, `test.parquet`, `vocabulary.txt` (the words of the training split,
    ranked by frequency), `corpus.json`, and `overlap.npy`: the rows of the test reviews whose text
    is also in the training split, int64, ascending.

    Reviews are processed in batches, so only their ids and groups need to fit in memory.

    Returns the content of `corpus.json`.
    """
    digests = {split: Digest() for split in SPLITS}
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        writers = {
            split: stack.enter_context(
                pq.ParquetWriter(folder / f"{split}.parquet", SCHEMA, compression="zstd")
            )
            for split in SPLITS
        }
        batches = batched(
            _digested(corpus.read(), digests), lambda review: len(review.text), attrgetter("split")
        )
        for split, rows, word_counts in map_in_order(
            lambda batch: _tokenize(batch, corpus.tokenizer), batches
        ):
            writers[split].write_batch(rows)
            if split == "train":
                counts.update(word_counts)
    if corpus.verify:
        for split, digest in digests.items():
            corpus.verify(split, digest.hexdigest())
    _check_ids(corpus, folder)
    splits = {split: _describe_split(corpus, split, folder) for split in SPLITS}
    shared = np.isin(digests["test"].text_hashes, digests["train"].text_hashes)
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
        **{split: splits[split] | {"digest": digests[split].hexdigest()} for split in SPLITS},
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
                known.update(short_hash(each.encode()) for each in labelled_texts)
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


def _digested(reviews: Iterable[Review], digests: dict[str, Digest]) -> Iterator[Review]:
    """Yield reviews, and add each to the digest of its split."""
    for review in tqdm(reviews, desc="writing", unit=" reviews", disable=None):
        digests[review.split].add(review.id, review.text)
        yield review


def _tokenize(reviews: list[Review], name: Tokenizer) -> tuple[str, pa.RecordBatch, Counter[str]]:
    """Return the split of a batch, its rows with their tokens, and the count of each token."""
    tokens = tokenizer.tokenize((review.text for review in reviews), name)
    fields = ("id", "group", "label", "text")
    columns = {name: [getattr(review, name) for review in reviews] for name in fields}
    rows = pa.record_batch(columns | {"tokens": tokens}, schema=SCHEMA)
    return reviews[0].split, rows, tokenizer.count(tokens)


def _check_ids(corpus: Corpus, folder: Path) -> None:
    files = [folder / f"{split}.parquet" for split in SPLITS]
    ids = pa.concat_tables(pq.read_table(file, columns=["id"]) for file in files)
    counts = ids.group_by("id", use_threads=False).aggregate([([], "count_all")])
    repeated = counts.filter(pc.field("count_all") > 1)["id"].to_pylist()
    if repeated:
        raise InputError(
            f"{corpus.name} has several reviews with the id {repeated[0]!r}: make the values of "
            "csv.id_column unique"
        )


def _describe_split(corpus: Corpus, split: str, folder: Path) -> dict[str, Any]:
    """Return the numbers of reviews, positive reviews and groups; refuse a split of one class."""
    table = pq.read_table(folder / f"{split}.parquet", columns=["label", "group"])
    positive = pc.sum(table["label"]).as_py() or 0
    negative = len(table) - positive
    if not positive or not negative:
        counts = f"{positive} {corpus.classes[1]} and {negative} {corpus.classes[0]}"
        raise InputError(
            f"the {split} split of {corpus.name} has {counts} reviews, but needs both: "
            "add reviews, or choose another fetch.source"
        )
    groups = pc.count_distinct(table["group"]).as_py()
    return {"reviews": len(table), "positive": positive, "groups": groups}
