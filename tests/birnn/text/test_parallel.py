"""Tests of mapping a function on several cores."""

import threading
import time
from collections.abc import Iterator

import pytest

from birnn.text import parallel
from birnn.text.parallel import map_in_order


def test_results_are_in_order() -> None:
    def slow_if_even(item: int) -> int:
        time.sleep(0.002 * (item % 2 == 0))
        return item * item

    assert list(map_in_order(slow_if_even, range(40))) == [item * item for item in range(40)]
    assert list(map_in_order(slow_if_even, [])) == []


def test_at_most_one_item_per_core_is_taken_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "usable_cores", lambda: 3)
    taken = []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    for done, _ in enumerate(map_in_order(str, items()), start=1):
        assert len(taken) <= done + 3


def test_items_are_processed_concurrently(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "usable_cores", lambda: 2)
    both = threading.Barrier(2, timeout=10)
    assert len(list(map_in_order(lambda _item: both.wait(), range(2)))) == 2


def test_exceptions_are_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(map_in_order(lambda item: 1 // item, [1, 0, 1]))
