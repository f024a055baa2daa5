"""One at a time: a second process that would write the same files waits, or says who is at work."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zc.lockfile import LockError, LockFile

from birnn.core.errors import InputError

FOLDER = Path("state")
PATIENCE = 30.0  # seconds: a stage whose DVC was killed ends within a few
INTERVAL = 0.2  # seconds


@contextmanager
def turn(name: str, patience: float = PATIENCE) -> Iterator[None]:
    """Hold what `name` stands for while the block runs; the system takes it back from the dead.

    Raises:
        InputError: another process still holds it after `patience` seconds.
    """
    file = FOLDER / f"{name}.lock"
    file.parent.mkdir(exist_ok=True)
    end = time.monotonic() + patience
    while (lock := _take(file)) is None:
        if time.monotonic() > end:
            holder = file.read_text(encoding="utf-8").strip()
            raise InputError(f"{name} runs here already, as process {holder}: wait, or stop it")
        time.sleep(INTERVAL)
    try:
        yield
    finally:
        lock.close()


def _take(file: Path) -> LockFile | None:
    try:
        return LockFile(str(file))
    except LockError:
        return None
