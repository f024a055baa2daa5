"""Peak memory of each stage on IMDB, and of training as the corpus grows: `make bench-memory`.

Told apart: a process's own memory, and all that it has in memory, of which the system can take back
what is mapped from files. Trainings are of one epoch.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from birnn.core.errors import InputError
from birnn.core.yaml_files import read_yaml, write_yaml

PROJECT = Path.cwd()
STAGES = (
    *("fetch", "pad", "fetch_unlabelled", "train_word_vectors", "weigh_ngrams"),
    *("train_bilstm", "train_bigru", "train_baseline", "evaluate", "checklist", "report"),
)
TIMES = (1, 2, 4, 8)
INTERVAL = 0.05  # seconds


def main() -> None:
    """Measure, and print a row for each."""
    table = Table("", "own memory, MB", "with files, MB", "seconds")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = read_yaml(PROJECT / "params.yaml")
        settings["train"]["epochs"] = 1
        write_yaml(settings, folder / "params.yaml")
        (folder / "study").mkdir()
        for stage in STAGES:
            table.add_row(stage, *peak(stage, folder))
        for times in TIMES:
            reviews = repeat(folder / "data" / "padded" / "train", times)
            table.add_row(f"train_bilstm, {reviews:,} reviews", *peak("train_bilstm", folder))
    Console(width=100).print(table)


def repeat(padded: Path, times: int) -> int:
    """Write the training reviews so many times in place of themselves; return their number."""
    first = padded.with_name("first")
    if not first.exists():
        padded.rename(first)
    padded.mkdir(exist_ok=True)
    for name in ("sequences.npy", "labels.npy"):
        np.save(padded / name, np.concatenate([np.load(first / name)] * times))
    return len(np.load(padded / "labels.npy", mmap_mode="r"))


def peak(stage: str, folder: Path) -> tuple[str, str, str]:
    """Run a stage, and return its own peak, its whole peak, and the seconds that it took.

    Raises:
        InputError: it failed.
    """
    # A training would go on from the state of the last one.
    shutil.rmtree(folder / "state", ignore_errors=True)
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    start, own, whole = time.perf_counter(), 0, 0
    with subprocess.Popen(
        [sys.executable, "-m", f"stages.{stage}"],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None:
            status = read_status(process.pid)
            own = max(own, status.get("RssAnon", 0))
            whole = max(whole, status.get("VmHWM", 0))
            time.sleep(INTERVAL)
    if process.returncode != 0:
        raise InputError(f"{stage} failed: run it by itself to see why")
    seconds = time.perf_counter() - start
    return f"{own / 1_000:.0f}", f"{whole / 1_000:.0f}", f"{seconds:.0f}"


def read_status(process: int) -> dict[str, int]:
    """Return the sizes, in kB, that Linux tells of a process; none when it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.split(":") for line in lines if line.endswith(" kB"))
    return {name: int(size.split()[0]) for name, size in pairs}


if __name__ == "__main__":
    main()
