"""Times of training, in a file that git ignores: times are not results.

Each line is a JSON object with the `md5` and the path of the `output` that took the time, the
`seconds`, a description of the `machine` and the `date`.
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def record(
    file: Path, output: Path, md5: str | None, seconds: Sequence[float], machine: dict[str, Any]
) -> None:
    """Append the time that the file or folder `output` took: of each epoch, or in total."""
    line = {
        "md5": md5,
        "output": output.as_posix(),
        "seconds": [round(each, 3) for each in seconds],
        "machine": machine,
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    append(file, json.dumps(line) + "\n")


def append(file: Path, lines: str) -> None:
    """Append lines to the file."""
    file.parent.mkdir(exist_ok=True)
    with file.open("a", encoding="utf-8") as stream:
        stream.write(f"\n{lines}")  # a killed process may have left half a line
