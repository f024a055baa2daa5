"""Time and memory of fetch, pad and a pass over the training batches, as the corpus grows.

Writes copies of IMDB's reviews with new ids into a CSV file, which the stages read as own data. Run
`python -m benchmarks.scale` in the project's folder.
"""

import csv
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.memory import measure_peak
from benchmarks.project import PROJECT, run, use_archive, write_settings
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

# Reads the batches without training on them, which takes the same time per review at any size.
BATCHES = """
from pathlib import Path
from birnn.text import sequences
from birnn.training.batches import batches
for _ in batches(sequences.read(Path("data/padded/train")), 256, shuffle_seed=0):
    pass
"""
# By name: Python's arguments, and which memory counts. That of batches excludes mapped files.
STEPS = {
    "fetch": (["-m", "stages.fetch"], "whole"),
    "pad": (["-m", "stages.pad"], "whole"),
    "batches": (["-c", BATCHES], "own"),
}


def main() -> None:
    """Print a table with one row per corpus size."""
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
            cells = []
            for arguments, kind in STEPS.values():
                peak = measure_peak(arguments, folder)
                cells += [f"{peak.seconds:.1f}", f"{getattr(peak, kind):.0f}"]
            table.add_row(f"{count:,}", *cells)
            print(f"{count:,} reviews are done", file=sys.stderr, flush=True)
    Console(width=100).print(table)


def write_reviews(archive: Path, file: Path, times: int) -> int:
    """Write `times` copies of IMDB's reviews with unique ids, and return their number."""
    file.parent.mkdir(parents=True, exist_ok=True)
    reviews = [*imdb.read(archive)]
    with file.open("w", encoding="utf-8", newline="") as output:
        writer = csv.writer(output)
        writer.writerow(["id", "group", "label", "split", "text"])
        writer.writerows(
            (f"{copy}/{each.id}", f"{copy}/{each.group}", each.label, each.split, each.text)
            for copy in range(times)
            for each in reviews
        )
    return times * len(reviews)


if __name__ == "__main__":
    run(main)
