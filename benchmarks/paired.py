"""Paired measurements of time: works alternate, so that other load on the machine affects all."""

import resource
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from textwrap import shorten

from birnn.runtime.errors import InputError
from birnn_lab.processes import last_line


@dataclass
class Cost:
    """The cost of a piece of work."""

    wall: float = 0.0  # elapsed seconds
    cpu: float = 0.0  # CPU seconds, summed over all cores


@contextmanager
def measure(who: int = resource.RUSAGE_SELF) -> Iterator[Cost]:
    """Yield the cost of the block; its values are set when the block ends."""
    cost = Cost()
    start, cpu = time.perf_counter(), _cpu(who)
    yield cost
    cost.wall, cost.cpu = time.perf_counter() - start, _cpu(who) - cpu


def run_command(command: Sequence[str], folder: Path, environment: dict[str, str]) -> str:
    """Run a command, and return what it prints."""
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise InputError(f"{shorten(' '.join(command), 100)} failed: {last_line(done.stderr)}")
    return done.stdout


def measure_command(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Cost:
    """Return the cost of a command and its children, see `run_command`."""
    with measure(resource.RUSAGE_CHILDREN) as cost:
        run_command(command, folder, environment)
    return cost


def alternate(works: dict[str, Callable[[], Cost]], times: int) -> dict[str, list[Cost]]:
    """Run all works one after another, `times` times, and return the costs of each."""
    costs: dict[str, list[Cost]] = {name: [] for name in works}
    for _ in range(times):
        for name, work in works.items():
            costs[name].append(work())
    return costs


def ratios(ours: Sequence[Cost], others: Sequence[Cost], kind: str) -> str:
    """Return the median and range of the ratios of our costs to the others', pair by pair."""
    quotients = [
        getattr(our, kind) / getattr(other, kind) for our, other in zip(ours, others, strict=True)
    ]
    return spread(quotients, 2)


def spread(numbers: Sequence[float], digits: int) -> str:
    """Return the median, followed by the range if there are several numbers."""
    if len(numbers) == 1:
        return f"{numbers[0]:.{digits}f}"
    low, high = min(numbers), max(numbers)
    return f"{median(numbers):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime
