"""Locks that prevent two processes from writing the same files."""

import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from zc.lockfile import LockError, LockFile

from birnn.core.errors import InputError
from birnn.core.paths import STATE

PATIENCE = 30.0  # seconds; after DVC is killed, its stage ends within a few
INTERVAL = 0.2  # seconds


@contextmanager
def hold_lock(name: str, patience: float = PATIENCE, folder: Path = STATE) -> Iterator[None]:
    """Hold the lock `name` of a folder while the block runs.

    The operating system releases the lock if the process dies.
    """
    file = folder / f"{name}.lock"
    file.parent.mkdir(exist_ok=True)
    end = time.monotonic() + patience
    waiting = False
    while True:
        try:
            lock = LockFile(str(file))
            break
        except LockError:
            if time.monotonic() > end:
                raise InputError(
                    f"{name} is already running in this folder as process {_holder(file)}: "
                    "wait for it, or stop it"
                ) from None
        if not waiting:
            print(f"waiting for {name}, which runs as process {_holder(file)}", file=sys.stderr)
            waiting = True
        time.sleep(INTERVAL)
    with closing(lock):
        yield


def _holder(file: Path) -> str:
    """Return the process that holds a lock; on Windows, no other process can read the file."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except PermissionError:
        return "?"
