"""Threads for functions that release the GIL, one per core."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from birnn.core.machine import usable_cores

Result = TypeVar("Result")


def run_parallel(calls: Iterable[Callable[[], Result]]) -> list[Result]:
    """Call functions in parallel, and return their results in the order of the functions."""
    running = [_pool().submit(call) for call in calls]
    return [call.result() for call in running]


# The first call must come from TensorFlow's threads, as in training and prediction: they treat
# denormal numbers as 0, and threads inherit that from the thread that starts them.
@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(usable_cores())
