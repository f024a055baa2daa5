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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from ruamel.yaml import YAML

from birnn.corpora import imdb
from birnn.corpora.labelled_files import FOLDER
from birnn.errors import InputError

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

# As training reads them, without the training: that is the same for each review. What is mapped
# from files the system can take back at any time.
BATCHES = """
from pathlib import Path
from birnn import sequences
from birnn.batches import batches
for _ in batches(*sequences.read(Path("data/padded/train")), 256, shuffle_seed=0):
    pass
print("RssAnon", Path("/proc/self/status").read_text().split("RssAnon:")[1].split()[0])
"""
STEPS = {
    "fetch": ("-m", "stages.fetch"),
    "pad": ("-m", "stages.pad"),
    "batches": ("-c", BATCHES),
}


@dataclass(frozen=True)
class Measured:
    """What a process took.

    Attributes:
        seconds: wall time.
        peak: its largest memory in use, in MB; of batches, that which is not mapped from files.
    """

    seconds: float
    peak: float


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
            found = [measure(arguments, folder) for arguments in STEPS.values()]
            figures = [text for one in found for text in (f"{one.seconds:.1f}", f"{one.peak:.0f}")]
            table.add_row(f"{count:,}", *figures)
            print(f"{count:,} reviews are done", file=sys.stderr, flush=True)
    Console(width=100).print(table)


def write_settings(folder: Path) -> None:
    """Write the default settings, but for the source."""
    yaml = YAML(typ="safe")
    settings = yaml.load(PROJECT / "params.yaml")
    settings["fetch"]["source"] = "csv"
    settings["csv"] = LAYOUT
    yaml.dump(settings, folder / "params.yaml")


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


def measure(arguments: Sequence[str], folder: Path) -> Measured:
    """Run Python with these arguments in a folder.

    Raises:
        InputError: it failed.
    """
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None  # noqa: S101  for mypy
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        raise InputError(f"{' '.join(arguments[:2])} failed, and printed: {printed}")
    in_kilobytes = usage.ru_maxrss
    if printed.startswith("RssAnon"):
        in_kilobytes = int(printed.split()[1])
    return Measured(seconds, in_kilobytes / 1_000)


if __name__ == "__main__":
    try:
        main()
    except (InputError, OSError) as error:
        sys.exit(f"error: {error}")
