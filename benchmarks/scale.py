"""Time and memory of fetch, pad and a pass over the training batches, as the corpus grows.

Writes copies of IMDB's reviews with new ids into a CSV file, which the stages read as own data. Run
`python -m benchmarks.scale` in the project's folder.
"""

import csv
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.paired import run_command
from benchmarks.project import PROJECT, run, use_archive, variables, write_settings
from birnn.core.paths import OWN
from birnn.core.yaml_files import read_yaml
from birnn.corpora import imdb

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

# The code of each process, and the line of its status that reports its memory. The peak that
# getrusage reports is never below the memory of the parent process.
STAGE = "import runpy; runpy.run_module('stages.{}', run_name='__main__')"
# Reads the batches without training on them, which takes the same time per review at any size. Its
# memory excludes mapped files, which the operating system can take back at any time.
BATCHES = """
from birnn.text import sequences
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
class Cost:
    """The time and memory of a process.

    Attributes:
        seconds: wall time.
        megabytes: peak memory of a stage, or memory without mapped files of the batches.
    """

    seconds: float
    megabytes: float


def main() -> None:
    """Print a table with one row per corpus size.

    Raises:
        InputError: the archive cannot be read or downloaded, or a step failed.
    """
    archive = use_archive()
    settings = read_yaml(PROJECT / "params.yaml")
    settings["fetch"]["source"] = "csv"
    settings["csv"] |= LAYOUT
    table = Table("reviews", *(f"{name} {unit}" for name in STEPS for unit in ("s", "MB")))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_settings(settings, folder)
        for times in TIMES:
            count = write_reviews(archive, folder / OWN / "reviews.csv", times)
            costs = [measure(*step, folder) for step in STEPS.values()]
            cells = [
                cell for cost in costs for cell in (f"{cost.seconds:.1f}", f"{cost.megabytes:.0f}")
            ]
            table.add_row(f"{count:,}", *cells)
            print(f"{count:,} reviews are done", file=sys.stderr, flush=True)
    Console(width=100).print(table)


def write_reviews(archive: Path, file: Path, times: int) -> int:
    """Write `times` copies of IMDB's reviews with unique ids, and return their number."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as output:
        writer = csv.writer(output)
        writer.writerow(["id", "group", "label", "split", "text"])
        count = 0
        for row in copied_rows(archive, times):
            writer.writerow(row)
            count += 1
    return count


def copied_rows(archive: Path, times: int) -> Iterator[tuple[str, str, int, str, str]]:
    """Yield the CSV rows of all copies."""
    for copy in range(times):
        for review in imdb.read_verified(archive):
            name, group = f"{copy}/{review.id}", f"{copy}/{review.group}"
            yield name, group, review.label, review.split, review.text


def measure(work: str, line: str, folder: Path) -> Cost:
    """Run code in a new process in a folder, and return its cost.

    Args:
        work: the code.
        line: name of the line of /proc/self/status that reports the memory.
        folder: the working directory.

    Raises:
        InputError: the code failed.
    """
    code = f"from pathlib import Path\n{work}\n{REPORT.format(line)}"
    start = time.perf_counter()
    printed = run_command([sys.executable, "-c", code], folder, variables())
    return Cost(time.perf_counter() - start, int(printed.split()[-1]) / 1_000)


if __name__ == "__main__":
    run(main)
