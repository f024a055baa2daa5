"""Peak memory and time of each stage on IMDB, and of some stages as the corpus grows.

Run it by `make bench-memory`, and for larger corpora by `make bench-scale`. Copies of IMDB have new
ids and are read as own data, from a CSV file. Networks are trained for one epoch. Own memory
excludes mapped files, which the operating system can take back at any time.
"""

import csv
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.project import run, stage_folder, use_archive, variables
from birnn.core.paths import OWN
from birnn.evaluation.model_names import NETWORKS
from birnn.runtime.errors import InputError
from birnn.sources import imdb

TRAINING = [f"train_{name}" for name in NETWORKS]
PREPARING = ("fetch", "pad", "fetch_unlabelled", "train_word_vectors", "weigh_ngrams")
STAGES = (*PREPARING, *TRAINING, "train_baseline")
# By number of copies of IMDB: what is measured.
MEMORY = {1: (*STAGES, "evaluate", "report"), 8: ("fetch", "pad", TRAINING[0])}
SCALE = dict.fromkeys((1, 2, 5, 10), ("fetch", "pad", "batches"))
SETTINGS = {"train.epochs": 1}
# These read the copies.
OWN_DATA = {
    "fetch.source": "csv",
    "csv.train": "reviews.csv",
    "csv.test": None,
    "csv.text_column": "text",
    "csv.label_column": "label",
    "csv.positive": 1,
    "csv.negative": 0,
    "csv.split_column": "split",
    "csv.id_column": "id",
    "csv.group_column": "group",
}
# Reads the batches without training on them, which takes the same time per review at any size.
BATCHES = """
from pathlib import Path
from birnn.reviews import sequences
from birnn.training.batches import batches
for _ in batches(sequences.read(Path("data/padded/train")), 256, shuffle_seed=0):
    pass
"""
INTERVAL = 0.02  # seconds


def main(
    *, scale: Annotated[bool, typer.Option("--scale", help="measure up to 10 copies")] = False
) -> None:
    """Print a table with one row per measurement."""
    archive = use_archive()
    table = Table("reviews", "", "own memory, MB", "with files, MB", "seconds")
    for copies, steps in (SCALE if scale else MEMORY).items():
        is_copied, reviews = scale or copies > 1, f"{50_000 * copies:,}"
        with stage_folder(SETTINGS | OWN_DATA if is_copied else SETTINGS) as folder:
            if is_copied:
                write_reviews(archive, folder / OWN / "reviews.csv", copies)
            for step in steps:
                table.add_row(reviews, step, *measure_peak(step, folder))
                print(f"{reviews} reviews: {step} is done", file=sys.stderr, flush=True)
    Console(width=100).print(table)


def write_reviews(archive: Path, file: Path, copies: int) -> None:
    """Write copies of IMDB's reviews with unique ids."""
    file.parent.mkdir(parents=True)
    reviews = [*imdb.read(archive)]
    with file.open("w", encoding="utf-8", newline="") as output:
        writer = csv.writer(output)
        writer.writerow(["id", "group", "label", "split", "text"])
        writer.writerows(
            (f"{copy}/{each.id}", f"{copy}/{each.group}", each.label, each.split, each.text)
            for copy in range(copies)
            for each in reviews
        )


def measure_peak(step: str, folder: Path) -> list[str]:
    """Run a step, and return its peak memory without and with mapped files, and its time.

    The memory is sampled, because the peak that getrusage reports is never below the memory of the
    parent process.
    """
    arguments = ["-c", BATCHES] if step == "batches" else ["-m", f"stages.{step}"]
    start, own, whole = time.perf_counter(), 0.0, 0.0
    with psutil.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=variables(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None:
            with suppress(psutil.Error):  # it has ended
                own = max(own, own_memory(process))
                whole = max(whole, process.memory_info().rss / 1e6)
            time.sleep(INTERVAL)
    if process.returncode != 0:
        raise InputError(f"python {' '.join(arguments)} failed: run it to see why")
    seconds = time.perf_counter() - start
    return [f"{own:.0f}", f"{whole:.0f}", f"{seconds:.1f}"]


def own_memory(process: psutil.Process) -> float:
    """Return the memory of a process without mapped files, in MB."""
    memory = process.memory_info()
    return (memory.rss - memory.shared) / 1e6


if __name__ == "__main__":
    run(main)
