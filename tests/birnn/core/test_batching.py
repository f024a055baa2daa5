"""Tests of mapping a function on several cores."""

import threading
from collections.abc import Iterator

from birnn.core.batching import map_in_order
from birnn.core.machine import usable_cores


def test_items_are_processed_concurrently_and_in_order() -> None:
    cores = usable_cores()
    all_cores = threading.Barrier(cores, timeout=10)

    def square(item: int) -> int:
        all_cores.wait()
        return item * item

    assert list(map_in_order(square, range(9 * cores))) == [n * n for n in range(9 * cores)]
    assert list(map_in_order(square, [])) == []


def test_at_most_one_item_per_core_is_taken_ahead() -> None:
    taken = []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    for done, _ in enumerate(map_in_order(str, items()), start=1):
        assert len(taken) == min(done + usable_cores(), 100)
