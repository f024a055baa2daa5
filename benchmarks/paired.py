"""Costs taken side by side: one after the other, in turn, so that a busy machine spoils both."""

import resource
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from birnn.core.errors import InputError


@dataclass
class Cost:
    """What a piece of work took.

    Attributes:
        wall: seconds that passed.
        cpu: seconds of all cores.
    """

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def measured(who: int = resource.RUSAGE_SELF) -> Iterator[Cost]:
    """Yield the cost of the block, which is known when it ends."""
    cost = Cost()
    start, cpu = time.perf_counter(), _cpu(who)
    yield cost
    cost.wall, cost.cpu = time.perf_counter() - start, _cpu(who) - cpu


def of_command(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Cost:
    """Return the cost of a command and its children.

    Raises:
        InputError: it failed.
    """
    with measured(resource.RUSAGE_CHILDREN) as cost:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        last = (done.stderr.strip() or "it says nothing").splitlines()[-1]
        raise InputError(f"{' '.join(command)} failed: {last}")
    return cost


def in_turn(works: dict[str, Callable[[], Cost]], times: int) -> dict[str, list[Cost]]:
    """Do each piece of work so many times, one after the other in turn."""
    found: dict[str, list[Cost]] = {name: [] for name in works}
    for _ in range(times):
        for name, work in works.items():
            found[name].append(work())
    return found


def ratios(ours: Sequence[Cost], others: Sequence[Cost], kind: str) -> str:
    """Return the median, least and greatest of our costs over the others', taken in pairs."""
    found = [
        getattr(one, kind) / getattr(other, kind) for one, other in zip(ours, others, strict=True)
    ]
    return spread(found, 2)


def spread(numbers: Sequence[float], digits: int) -> str:
    """Return the median, and the least and greatest where there are several."""
    if len(numbers) == 1:
        return f"{numbers[0]:.{digits}f}"
    low, high = min(numbers), max(numbers)
    return f"{median(numbers):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime
