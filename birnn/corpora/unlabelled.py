"""Reviews without a label, as a Parquet file of their words."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from birnn.text import tokenizer
from birnn.text.parallel import in_order

SCHEMA = pa.schema({"tokens": pa.list_(pa.string())})
BATCH = 2_000  # reviews


def write(texts: Iterable[str], file: Path) -> int:
    """Write the words of each text, a row a text; return the number of texts."""
    count = 0
    with pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        for tokens in in_order(tokenizer.tokenize, _batches(texts)):
            writer.write_batch(pa.record_batch([tokens], schema=SCHEMA))
            count += len(tokens)
    return count


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(texts)
    while batch := list(islice(remaining, BATCH)):
        yield batch
