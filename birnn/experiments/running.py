"""Find running processes of DVC, and trainings in the workspace and in experiments."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
from zc.lockfile import LockError, LockFile

from birnn.core.paths import EXPERIMENTS
from birnn.training import live
from birnn.training.live import Training


def is_dvc_running() -> bool:
    """Return whether a process of DVC or of one of its stages runs in the project."""
    project = Path.cwd()
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            folder = Path(process.cwd())
            in_experiment = folder.is_relative_to(project / EXPERIMENTS)
            is_dvc = any(Path(part).name in {"dvc", "dvc.exe"} for part in process.cmdline())
            if in_experiment or (is_dvc and folder.is_relative_to(project)):
                return True
    return False


def find_trainings(project: Path = Path()) -> list[Training]:
    """Return the last trainings of the workspace and of experiments in temporary folders.

    A training whose process was killed is returned as finished.
    """
    trainings, experiments = [], project / EXPERIMENTS
    for folder in (project, *experiments.glob("standalone/*"), *experiments.glob("*")):
        for file in sorted((folder / live.FOLDER).glob("*.json")):
            if training := live.read(file):
                finished = training.finished or not _is_running(file, training.network)
                trainings.append(replace(training, finished=finished))
    return trainings


def _is_running(file: Path, network: str) -> bool:
    """Return whether the process that wrote a live file holds its lock (see `birnn.core.locks`)."""
    for stage in (f"train_{network}", "label_unlabelled"):  # which trains networks, too
        lock = file.parents[1] / "state" / f"{stage}.lock"
        try:
            # A process writes its lock first. A later one trains something else.
            if lock.stat().st_mtime_ns <= file.stat().st_mtime_ns:
                LockFile(str(lock)).close()
        except FileNotFoundError:  # no such lock, or DVC has just removed the experiment's folder
            continue
        except LockError:
            return True
    return False
