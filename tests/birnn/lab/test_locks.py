"""Locks between processes."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from birnn.lab import locks
from tests.projects import PROJECT

HOLD = """
import sys
from pathlib import Path
from birnn.lab.locks import hold_lock
with hold_lock(Path("state", "pad.lock")):
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_second_process_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lock = Path("state", "pad.lock")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"locked\n"
        with locks.hold_lock(Path("state", "fetch.lock")):  # another lock
            assert holder.poll() is None
        with monkeypatch.context() as impatient:
            impatient.setattr(locks, "PATIENCE", 0.1)
            refused = "^pad is already running in this folder: wait for it, or stop it$"
            with pytest.raises(TimeoutError, match=refused), locks.hold_lock(lock):
                pass
        threading.Timer(0.3, holder.kill).start()
        with locks.hold_lock(lock):
            assert holder.wait() != 0
