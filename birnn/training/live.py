"""Live progress: one JSON file per network that trains, for `birnn watch` and other readers.

The file is not an output of a stage and does not affect results. It stays after the training,
until the next training of the network replaces it.
"""

import json
import os
import re
import shutil
import sys
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from birnn.training.splits import TRAINING

FOLDER = Path("live")
INTERVAL = 1.0  # seconds between two writes within an epoch
MAX_COST = 0.01  # share of the time that writing may take
VALIDATION_COST = 1 / 3  # of training on as many reviews; a guess before the first validation
CLEAR_LINE = "\r\x1b[K"

Kind = Literal["training", "validation"]


@dataclass(frozen=True)
class Training:
    """The progress of a network's training."""

    network: str  # name of the network
    experiment: str  # name of DVC's experiment, or empty
    epochs: int  # number of epochs to train
    progress: float  # number of epochs that are finished, with a fraction
    seconds_left: float | None  # estimated remaining time, None if it is unknown
    finished: bool  # whether the training has ended, after its last epoch or earlier
    # Rows of `epoch`, `split`, `accuracy` and `loss`, as in plots/curves.csv.
    curves: list[dict[str, Any]]

    @property
    def epoch(self) -> int:
        """The number of the epoch in progress, or of the last one."""
        return min(int(self.progress) + 1, self.epochs)

    @property
    def accuracy(self) -> str:
        """The accuracy of the last epoch on the watched reviews, or an empty string."""
        rows = [row for row in self.curves if row["split"] != TRAINING]
        return f"{rows[-1]['accuracy']:.4f}" if rows else ""

    @property
    def time_left(self) -> str:
        """The remaining time, such as `1:02:05`, or how the training ended; empty if unknown."""
        if self.finished:
            return "finished" if self.progress >= self.epochs else "stopped"
        if self.seconds_left is None:
            return ""
        return re.sub(r"^0:0?", "", str(timedelta(seconds=round(self.seconds_left))))


def write(training: Training, folder: Path = FOLDER) -> None:
    """Replace the live file of a network."""
    # Without fsync, unlike `outputs.atomic_file`: a training must not wait for the disk, and after
    # a power failure the file is worthless anyway.
    folder.mkdir(exist_ok=True)
    temporary = folder / f".part-{training.network}"
    try:
        temporary.write_text(json.dumps(vars(training)), encoding="utf-8")
        temporary.replace(folder / f"{training.network}.json")
    finally:
        temporary.unlink(missing_ok=True)


def read(file: Path) -> Training | None:
    """Read a live file; return None if it is missing or damaged."""
    try:
        return Training(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


class LiveFile:
    """The live file of a running training, and the estimate of its remaining time."""

    def __init__(
        self, network: str, epochs: int, reviews: dict[Kind, int], watched: str, folder: Path
    ) -> None:
        """Describe a training that starts.

        It has a number of `reviews` per epoch, and is validated on those named `watched`.
        """
        self.training = Training(
            network,
            os.environ.get("DVC_EXP_NAME", ""),
            epochs,
            0.0,
            None,
            finished=False,
            curves=[],
        )
        self._reviews = reviews
        self._watched = watched
        self._folder: Path | None = folder
        self._epochs = 0  # finished
        self._done = dict.fromkeys(reviews, 0)  # reviews of this epoch
        self._timed = dict.fromkeys(reviews, 0)  # reviews of all epochs in this process
        self._seconds = dict.fromkeys(reviews, 0.0)
        self._last_step = self._last_write = self._write_seconds = 0.0

    def step(self, kind: Kind, reviews: int) -> None:
        """Update the progress after a batch; `reviews` is the number of reviews in this epoch."""
        now, reviews = time.perf_counter(), min(reviews, self._reviews[kind])
        if self._last_step:  # the first step is slow, because TensorFlow builds its graph
            self._timed[kind] += reviews - self._done[kind]
            self._seconds[kind] += now - self._last_step
        self._last_step = now
        self._done[kind] = reviews
        self._save(INTERVAL)

    def epoch(self, history: dict[str, list[float]]) -> None:
        """Update the curves from the history (see `checkpoints.Progress`)."""
        curves = [
            {"epoch": epoch, "split": split, "accuracy": accuracy, "loss": loss}
            for prefix, split in (("", TRAINING), ("val_", self._watched))
            if history
            for epoch, (accuracy, loss) in enumerate(
                zip(history[f"{prefix}accuracy"], history[f"{prefix}loss"], strict=True), start=1
            )
        ]
        self._epochs = len(history.get("loss", []))
        self._done = dict.fromkeys(self._reviews, 0)
        self.training = replace(self.training, curves=curves)
        self._save(0)

    def close(self) -> None:
        """Write that the training has ended, and clear the status line."""
        self._write(replace(self._current(), finished=True))
        if sys.stdout.isatty():
            print(CLEAR_LINE, end="", flush=True)

    def _save(self, interval: float) -> None:
        """Write if the last write is `interval` seconds ago, or longer if writing is slow."""
        start = time.perf_counter()
        if start - self._last_write >= max(interval, self._write_seconds / MAX_COST):
            self._write(self._current())
            self._last_write = time.perf_counter()
            self._write_seconds = self._last_write - start

    def _current(self) -> Training:
        """Return the progress and the remaining time, from the seconds per review so far."""
        if not self._timed["training"]:
            return replace(self.training, progress=float(self._epochs))
        pace = self._seconds["training"] / self._timed["training"]
        seconds: dict[Kind, float] = {"training": pace, "validation": pace * VALIDATION_COST}
        if self._timed["validation"]:
            seconds["validation"] = self._seconds["validation"] / self._timed["validation"]
        done, total = (
            sum(reviews[kind] * seconds[kind] for kind in seconds)
            for reviews in (self._done, self._reviews)
        )
        progress = self._epochs + done / total
        left = (self.training.epochs - progress) * total
        return replace(self.training, progress=round(progress, 3), seconds_left=round(left, 1))

    def _write(self, training: Training) -> None:
        """Show the progress in a terminal, and write the file.

        If the file cannot be written, warn once, and let the training continue.
        """
        self.training = training
        if sys.stdout.isatty() and not training.finished:
            share = f"{training.progress / training.epochs:.0%}"
            left = f"  {training.time_left} left" if training.time_left else ""
            line = f"{training.network}  epoch {training.epoch}/{training.epochs}  {share}{left}"
            width = shutil.get_terminal_size().columns - 1
            print(f"{CLEAR_LINE}{line:.{width}}", end="\r", flush=True)
        if self._folder is None:
            return
        try:
            write(training, self._folder)
        except OSError as error:
            print(f"warning: birnn watch will not show this training: {error}", file=sys.stderr)
            self._folder = None
