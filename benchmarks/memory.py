"""Peak memory of each stage on IMDB, and of training as the corpus grows: `make bench-memory`.

Reports a process's own memory, and its memory including mapped files, which the operating system
can take back at any time. Networks are trained for one epoch.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.project import PROJECT, run, use_archive, variables, write_settings
from birnn.core.errors import InputError
from birnn.core.yaml_files import read_yaml
from birnn.evaluation.model_names import NETWORKS

STAGES = (
    *("fetch", "pad", "train_word_vectors", "weigh_ngrams"),
    *(f"train_{name}" for name in NETWORKS),
    *("train_baseline", "evaluate", "report"),
)
TIMES = (1, 2, 4, 8)
INTERVAL = 0.05  # seconds


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
            table.add_row(stage, *measure_peak(stage, folder))
        for times in TIMES:
            reviews = repeat(folder / "data" / "padded" / "train", times)
            stage = f"train_{next(iter(NETWORKS))}"
            table.add_row(f"{stage}, {reviews:,} reviews", *measure_peak(stage, folder))
    Console(width=100).print(table)


def repeat(padded: Path, times: int) -> int:
    """Replace the training reviews by `times` copies of them, and return their number."""
    first = padded.with_name("first")
    if not first.exists():
        padded.rename(first)
    padded.mkdir(exist_ok=True)
    for name in ("sequences.npy", "labels.npy"):
        np.save(padded / name, np.concatenate([np.load(first / name)] * times))
    return len(np.load(padded / "labels.npy", mmap_mode="r"))


def measure_peak(stage: str, folder: Path) -> tuple[str, str, str]:
    """Run a stage, and return its peak memory without and with mapped files, and its seconds.

    Raises:
        InputError: the stage failed.
    """
    # Training would resume from the last checkpoint.
    shutil.rmtree(folder / "state", ignore_errors=True)
    start, own, whole = time.perf_counter(), 0, 0
    with subprocess.Popen(
        [sys.executable, "-m", f"stages.{stage}"],
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
        raise InputError(f"{stage} failed: run python -m stages.{stage} to see why")
    seconds = time.perf_counter() - start
    return f"{own / 1_000:.0f}", f"{whole / 1_000:.0f}", f"{seconds:.0f}"


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
