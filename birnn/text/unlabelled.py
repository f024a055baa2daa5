"""Store the words of unlabelled reviews as a Parquet file."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from birnn.core.errors import InputError
from birnn.core.paths import UNLABELLED_REVIEWS
from birnn.text import reviews
from birnn.text.batching import batched
from birnn.text.parallel import map_in_order
from birnn.text.tokenizer import Tokenizer, tokenize

SCHEMA = pa.schema({"tokens": pa.list_(pa.string())})


def require(setting: str, remedy: str) -> None:
    """Check that the corpus has unlabelled reviews, which a setting needs."""
    if not reviews.count(UNLABELLED_REVIEWS):
        raise InputError(
            f"{setting}, but the corpus has no unlabelled reviews: set {remedy}, or, for your own "
            "corpus, csv.unlabelled"
        )


def write(texts: Iterable[str], tokenizer: Tokenizer, file: Path) -> int:
    """Write one row of words per text, and return the number of texts."""
    count = 0
    with pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        batches = batched(texts, len)
        for tokens in map_in_order(lambda batch: tokenize(batch, tokenizer), batches):
            writer.write_batch(pa.record_batch([tokens], schema=SCHEMA))
            count += len(tokens)
    return count
