"""Times of training, in a file that git ignores: times are not results.

Each line is a JSON object with the path and the `md5` of the `output` that took the time, the
fields of `Timing`, and the `date`.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Timing:
    """The time of some work."""

    seconds: Sequence[float]  # time of each epoch, or the total
    machine: dict[str, Any]  # its description
    kernel: str | None = None  # the kernel that a network was trained with


def record(file: Path, output: Path, md5: str | None, timing: Timing) -> None:
    """Append the time that the file or folder `output` took."""
    line = {"md5": md5, "output": output.as_posix()} | asdict(timing)
    line["seconds"] = [round(seconds, 3) for seconds in timing.seconds]
    line["date"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    append(file, json.dumps(line) + "\n")


def append(file: Path, lines: str) -> None:
    """Append lines to the file."""
    file.parent.mkdir(exist_ok=True)
    with file.open("a", encoding="utf-8") as stream:
        stream.write(lines)
