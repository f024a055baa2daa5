"""Locks that prevent two processes from writing the same files."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

PATIENCE = 30.0  # seconds; after DVC is killed, its stage ends within a few


@contextmanager
def hold_lock(file: Path) -> Iterator[None]:
    """Hold the lock of a file while the block runs; the name of the file says what runs."""
    lock = FileLock(file)
    try:
        with suppress(Timeout):
            lock.acquire(0)
        if not lock.is_locked:
            print(f"waiting for {file.stem}, which runs in this folder", file=sys.stderr)
            lock.acquire(PATIENCE)
    except Timeout:
        message = f"{file.stem} is already running in this folder: wait for it, or stop it"
        raise TimeoutError(message) from None
    try:
        yield
    finally:
        lock.release()
