"""Times of training, in `state/times.jsonl`, which git ignores: times are not results.

Each line is a JSON object with the path and the `md5` of the `output` that took the time, the
fields of `Timing`, and the `date`.
"""

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from birnn.core.integrity import compute_md5
from birnn.core.locks import hold_lock
from birnn.core.machine import describe
from birnn.core.paths import EXPERIMENTS, STATE

FILE = STATE / "times.jsonl"


@dataclass(frozen=True)
class Timing:
    """The time of some work."""

    seconds: Sequence[float]  # time of each epoch, or the total
    machine: dict[str, Any] = field(default_factory=describe)
    kernel: str | None = None  # the kernel that a network was trained with


def record(output: Path, timing: Timing) -> None:
    """Append the time that the file or folder `output` took."""
    line = {"md5": compute_md5(output), "output": output.as_posix()} | asdict(timing)
    line["seconds"] = [round(seconds, 3) for seconds in timing.seconds]
    line["date"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    append(json.dumps(line) + "\n")


def append(lines: str) -> None:
    """Append lines to the file of the main folder; one process does at a time."""
    file = main_folder() / FILE
    with hold_lock("times", folder=file.parent), file.open("a", encoding="utf-8") as stream:
        # A killed process may have left a part of a line.
        stream.write(f"\n{lines}")


def read() -> dict[str, dict[str, Any]]:
    """Return the newest line of each output, by md5."""
    file = main_folder() / FILE
    newest: dict[str, dict[str, Any]] = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        # A killed process may leave a part of a line.
        with suppress(json.JSONDecodeError, KeyError, TypeError):
            entry = json.loads(line)
            newest[entry["md5"]] = entry
    return newest


def main_folder() -> Path:
    """Return the project's folder; for the copy that an experiment runs in, the original's."""
    here = Path.cwd()
    return next(
        (folder.parents[2] for folder in here.parents if folder.match(str(EXPERIMENTS))), here
    )
