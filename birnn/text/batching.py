"""Batches of texts: large enough to keep all cores busy, and small enough for memory."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

BATCH_SIZE = 2_000  # reviews in memory at a time: enough to keep all cores busy
LARGEST_BATCH = 20_000_000  # characters after which a batch ends

Item = TypeVar("Item")


def batched(items: Iterable[Item], characters: Callable[[Item], int]) -> Iterator[list[Item]]:
    """Yield batches of at most BATCH_SIZE items; the last one may be empty.

    A batch also ends when its items have more than LARGEST_BATCH `characters`.
    """
    batch: list[Item] = []
    size = 0
    for item in items:
        batch.append(item)
        size += characters(item)
        if len(batch) == BATCH_SIZE or size > LARGEST_BATCH:
            yield batch
            batch, size = [], 0
    yield batch
