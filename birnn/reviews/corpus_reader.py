"""Read the reviews of a split from its Parquet file, one batch at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from birnn.core.batching import BATCH_SIZE


def words(file: Path, rows: NDArray[np.int32] | None = None) -> Iterator[list[list[str]]]:
    """Yield batches of reviews, all of them or only `rows`, each review a list of its words.

    The rows must be ascending.
    """
    for batch in batches(file, ["tokens"], rows):
        yield [tokens or [] for tokens in batch["tokens"].to_pylist()]


def count(file: Path) -> int:
    """Return the number of reviews."""
    rows: int = pq.read_metadata(file).num_rows
    return rows


def all_texts(file: Path) -> Iterator[str]:
    """Yield the text of each review."""
    for batch in batches(file, ["text"]):
        yield from batch["text"].to_pylist()


def lengths(file: Path) -> NDArray[np.int32]:
    """Return the number of words of each review, int32, shape (reviews,)."""
    counts = [
        pc.list_value_length(batch["tokens"]).fill_null(0).to_numpy()
        for batch in batches(file, ["tokens"])
    ]
    return np.concatenate(counts)


def texts(file: Path, rows: NDArray[np.int64]) -> list[str]:
    """Return the texts of `rows`, in this order."""
    ascending, positions = np.unique(rows, return_inverse=True)
    table = pa.Table.from_batches(batches(file, ["text"], ascending))
    ordered: list[str] = table["text"].take(positions).to_pylist()
    return ordered


def column(file: Path, name: str) -> NDArray[Any]:
    """Return a whole column, which must fit in memory."""
    values: NDArray[Any] = pq.read_table(file, columns=[name])[name].to_numpy()
    return values


def groups(file: Path) -> NDArray[np.int32]:
    """Return the group of each review, numbered by name, int32, shape (reviews,)."""
    names = pq.read_table(file, columns=["group"])["group"]
    ranks: NDArray[np.uint64] = pc.rank(names, tiebreaker="dense").to_numpy()  # from 1
    return (ranks - 1).astype(np.int32)


def batches(
    file: Path, columns: list[str], rows: NDArray[np.integer[Any]] | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield batches of some columns of all reviews, or of those in `rows`, which must be ascending.

    Row groups are read one at a time, because Arrow's own iteration over all of them holds on to
    some memory of each until the end.
    """
    start = 0
    with pq.ParquetFile(file) as content:
        for group in range(content.num_row_groups):
            for batch in content.iter_batches(BATCH_SIZE, row_groups=[group], columns=columns):
                if rows is None:
                    yield batch
                else:
                    first, end = np.searchsorted(rows, [start, start + len(batch)])
                    yield batch.take(pa.array(rows[first:end] - start))
                    start += len(batch)
