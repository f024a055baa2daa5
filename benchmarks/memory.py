"""Peak memory of each stage on IMDB, and of training as the corpus grows: `make bench-memory`.

Reports a process's own memory, and its memory including mapped files, which the operating system
can take back at any time. Networks are trained for one epoch.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.project import PROJECT, run, use_archive, variables, write_settings
from birnn.core.errors import InputError
from birnn.core.paths import PADDED_TRAIN
from birnn.core.yaml_files import read_yaml
from birnn.evaluation.model_names import NETWORKS

STAGES = (
    *("fetch", "pad", "train_word_vectors", "weigh_ngrams"),
    *(f"train_{name}" for name in NETWORKS),
    *("train_baseline", "evaluate", "report"),
)
TIMES = (1, 2, 4, 8)
INTERVAL = 0.05  # seconds


@dataclass(frozen=True)
class Peak:
    """The peak memory of a process.

    Attributes:
        own: megabytes without mapped files.
        whole: megabytes with mapped files.
        seconds: wall time.
    """

    own: float
    whole: float
    seconds: float


def main() -> None:
    """Print a table with one row per measurement."""
    use_archive()
    table = Table("", "own memory, MB", "with files, MB", "seconds")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = read_yaml(PROJECT / "params.yaml")
        settings["train"]["epochs"] = 1
        write_settings(settings, folder)
        (folder / "study").mkdir()
        for stage in STAGES:
            table.add_row(stage, *cells(measure_peak(["-m", f"stages.{stage}"], folder)))
        for times in TIMES:
            reviews = repeat(folder / PADDED_TRAIN, times)
            stage = f"train_{next(iter(NETWORKS))}"
            peak = measure_peak(["-m", f"stages.{stage}"], folder)
            table.add_row(f"{stage}, {reviews:,} reviews", *cells(peak))
    Console(width=100).print(table)


def cells(peak: Peak) -> list[str]:
    """Return the cells of a row of the table."""
    return [f"{value:.0f}" for value in (peak.own, peak.whole, peak.seconds)]


def repeat(padded: Path, times: int) -> int:
    """Replace the training reviews by `times` copies of them, and return their number."""
    first = padded.with_name("first")
    if not first.exists():
        padded.rename(first)
    padded.mkdir(exist_ok=True)
    for name in ("sequences.npy", "labels.npy"):
        np.save(padded / name, np.concatenate([np.load(first / name)] * times))
    return len(np.load(padded / "labels.npy", mmap_mode="r"))


def measure_peak(arguments: Sequence[str], folder: Path) -> Peak:
    """Run Python with these arguments in a folder, and return its peak memory and its time.

    The memory is sampled, because the peak that getrusage reports is never below the memory of the
    parent process.
    """
    # Training would resume from the last checkpoint.
    shutil.rmtree(folder / "state", ignore_errors=True)
    start, own, whole = time.perf_counter(), 0, 0
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=variables(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None:
            status = read_status(process.pid)
            own = max(own, status.get("RssAnon", 0))
            whole = max(whole, status.get("VmHWM", 0))
            time.sleep(INTERVAL)
    if process.returncode != 0:
        raise InputError(f"python {' '.join(arguments)} failed: run it to see why")
    return Peak(own / 1_000, whole / 1_000, time.perf_counter() - start)


def read_status(process: int) -> dict[str, int]:
    """Return the memory sizes of a process in kB, as Linux reports them; {} if it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.split(":") for line in lines if line.endswith(" kB"))
    return {name: int(size.split()[0]) for name, size in pairs}


if __name__ == "__main__":
    run(main)
