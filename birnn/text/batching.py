"""Batches of texts: large enough to keep all cores busy, and small enough for memory."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

BATCH_SIZE = 2_000  # reviews in memory at a time: enough to keep all cores busy
LARGEST_BATCH = 20_000_000  # characters after which a batch ends

Item = TypeVar("Item")


def batched(
    items: Iterable[Item],
    characters: Callable[[Item], int],
    key: Callable[[Item], Hashable] = lambda _: None,
) -> Iterator[list[Item]]:
    """Yield batches of 1 to BATCH_SIZE items that have the same key, such as a split.

    A batch also ends when its items have more than LARGEST_BATCH `characters`.
    """
    batches: defaultdict[Hashable, list[Item]] = defaultdict(list)
    sizes: defaultdict[Hashable, int] = defaultdict(int)
    for item in items:
        group = key(item)
        batches[group].append(item)
        sizes[group] += characters(item)
        if len(batches[group]) == BATCH_SIZE or sizes[group] > LARGEST_BATCH:
            yield batches.pop(group)
            del sizes[group]
    yield from batches.values()
