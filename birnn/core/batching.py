"""Batches of texts, and their processing on all cores."""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from birnn.core.machine import usable_cores

BATCH_SIZE = 2_000  # reviews in memory at a time: enough to keep all cores busy
LARGEST_BATCH = 20_000_000  # characters after which a batch ends

Item = TypeVar("Item")
Result = TypeVar("Result")


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


def map_in_order(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield `function(item)` for each item, in order, while threads process the next items.

    The function should release the GIL, as Arrow's functions do. At most one item per core is taken
    ahead, so memory does not grow with the number of items.
    """
    cores = usable_cores()
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(cores) as pool:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) > cores:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
