"""Time and memory of fetch, pad and a pass over the training batches, as the corpus grows.

IMDB's reviews are repeated with fresh ids in a CSV file, which the stages read as a user's own.
`python -m benchmarks.scale`, in the project's folder.
"""

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from birnn.core.errors import InputError
from birnn.core.yaml_files import read_yaml, write_yaml
from birnn.corpora import imdb
from birnn.corpora.labelled_files import FOLDER

PROJECT = Path(__file__).parent.parent
TIMES = (1, 2, 5, 10)
LAYOUT = {
    "train": "reviews.csv",
    "test": None,
    "text_column": "text",
    "label_column": "label",
    "positive": 1,
    "negative": 0,
    "split_column": "split",
    "id_column": "id",
    "group_column": "group",
}

# What a process does, and which line of its status tells the memory. The peak of its own memory:
# that of getrusage is at least the memory of the process that started it.
STAGE = "import runpy; runpy.run_module('stages.{}', run_name='__main__')"
# As training reads them, without the training: that is the same for each review. What is mapped
# from files the system can take back at any time, so the rest is told.
BATCHES = """
from birnn import sequences
from birnn.training.batches import batches
for _ in batches(sequences.read(Path("data/padded/train")), 256, shuffle_seed=0):
    pass
"""
STEPS = {
    "fetch": (STAGE.format("fetch"), "VmHWM"),
    "pad": (STAGE.format("pad"), "VmHWM"),
    "batches": (BATCHES, "RssAnon"),
}
REPORT = "print(Path('/proc/self/status').read_text().split('{}:')[1].split()[0])"


@dataclass(frozen=True)
class Measured:
    """What a process took.

    Attributes:
        seconds: wall time.
        megabytes: memory in use: of stages the peak, of batches what is not mapped from files.
    """

    seconds: float
    megabytes: float


def main() -> None:
    """Measure each size, and print a row for each.

    Raises:
        InputError: the archive cannot be had, or a stage failed.
    """
    table = Table("reviews", *(f"{name} {unit}" for name in STEPS for unit in ("s", "MB")))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_settings(folder)
        for times in TIMES:
            count = write_reviews(folder / FOLDER / "reviews.csv", times)
            found = [measure(*step, folder) for step in STEPS.values()]
            figures = [
                text for one in found for text in (f"{one.seconds:.1f}", f"{one.megabytes:.0f}")
            ]
            table.add_row(f"{count:,}", *figures)
            print(f"{count:,} reviews are done", file=sys.stderr, flush=True)
    Console(width=100).print(table)


def write_settings(folder: Path) -> None:
    """Write the default settings, but for the source."""
    settings = read_yaml(PROJECT / "params.yaml")
    settings["fetch"]["source"] = "csv"
    settings["csv"] = LAYOUT
    write_yaml(settings, folder / "params.yaml")


def write_reviews(file: Path, times: int) -> int:
    """Write IMDB's reviews so many times, each with an id of its own; return their number."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as output:
        writer = csv.writer(output)
        writer.writerow(["id", "group", "label", "split", "text"])
        count = 0
        for row in repeated(times):
            writer.writerow(row)
            count += 1
    return count


def repeated(times: int) -> Iterator[tuple[str, str, int, str, str]]:
    """Yield the rows of all copies."""
    read = imdb.read(PROJECT / "data" / "raw")
    for copy in range(times):
        for review in read():
            name, group = f"{copy}/{review.id}", f"{copy}/{review.group}"
            yield name, group, review.label, review.split, review.text


def measure(work: str, line: str, folder: Path) -> Measured:
    """Do some work in a process of its own, in a folder; `line` of its status tells the memory.

    Raises:
        InputError: it failed.
    """
    code = f"from pathlib import Path\n{work}\n{REPORT.format(line)}"
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    start = time.perf_counter()
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - start
    if process.returncode != 0:
        raise InputError(f"a step failed: {process.stderr.strip().splitlines()[-1]}")
    return Measured(seconds, int(process.stdout.split()[-1]) / 1_000)


if __name__ == "__main__":
    try:
        main()
    except (InputError, OSError) as error:
        sys.exit(f"error: {error}")
