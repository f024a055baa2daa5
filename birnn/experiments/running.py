"""Find running processes of DVC."""

from contextlib import suppress
from pathlib import Path

import psutil

from birnn.core.paths import EXPERIMENTS


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
