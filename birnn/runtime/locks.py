"""Locks that prevent two processes from writing the same files."""

import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from zc.lockfile import LockError, LockFile

PATIENCE = 30.0  # seconds; after DVC is killed, its stage ends within a few
INTERVAL = 0.2  # seconds


@contextmanager
def hold_lock(file: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock of a file while the block runs; the name of the file says what runs.

    The operating system releases the lock if the process dies.

    Raises:
        TimeoutError: another process held the lock for `patience` seconds.
    """
    file.parent.mkdir(exist_ok=True)
    end = time.monotonic() + patience
    waiting = False
    while True:
        try:
            lock = LockFile(str(file))
            break
        except LockError:
            if time.monotonic() > end:
                raise TimeoutError(
                    f"{file.stem} is already running in this folder as process {_holder(file)}: "
                    "wait for it, or stop it"
                ) from None
        if not waiting:
            waiting = True
            print(
                f"waiting for {file.stem}, which runs as process {_holder(file)}", file=sys.stderr
            )
        time.sleep(INTERVAL)
    with closing(lock):
        yield


def _holder(file: Path) -> str:
    """Return the process that holds a lock; on Windows, no other process can read the file."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except PermissionError:
        return "?"
