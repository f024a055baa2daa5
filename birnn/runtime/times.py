"""Times of trainings and the stages before them, in a file that git ignores: times are not results.

Each line is a JSON object with the `md5` and the path of the `output` that took the time, the
`seconds`, a description of the `machine` and the `date`.
"""

import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def record(file: Path, output: Path, seconds: Sequence[float], machine: dict[str, Any]) -> None:
    """Append the time that the file or folder `output` took: of each epoch, or in total."""
    line = {
        "md5": compute_md5(output),
        "output": output.as_posix(),
        "seconds": [round(duration, 3) for duration in seconds],
        "machine": machine,
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    append(file, json.dumps(line) + "\n")


def append(file: Path, lines: str) -> None:
    """Append lines to the file."""
    file.parent.mkdir(exist_ok=True)
    with file.open("a", encoding="utf-8") as stream:
        stream.write(f"\n{lines}")  # a killed process may have left half a line


def compute_md5(path: Path) -> str:
    """Return the md5 of a file or folder as DVC will record it in `dvc.lock`."""
    if path.is_dir():
        files = {file.relative_to(path).parts: file for file in path.rglob("*") if file.is_file()}
        entries = [
            {"md5": compute_md5(file), "relpath": "/".join(parts)}
            for parts, file in sorted(files.items())
        ]
        listing = json.dumps(entries, sort_keys=True).encode()
        return hashlib.md5(listing, usedforsecurity=False).hexdigest() + ".dir"
    with path.open("rb") as content:
        return hashlib.file_digest(content, "md5").hexdigest()
