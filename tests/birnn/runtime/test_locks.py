"""Locks between processes."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from birnn.runtime.locks import hold_lock
from tests.projects import PROJECT

HOLD = """
import sys
from pathlib import Path
from birnn.runtime.locks import hold_lock
with hold_lock(Path("state", "pad.lock")):
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_second_process_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lock = Path("state", "pad.lock")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    ) as holder:
        assert holder.stdin
        assert holder.stdout
        assert holder.stdout.readline() == b"locked\n"
        with hold_lock(Path("state", "fetch.lock")):  # another lock
            assert holder.poll() is None
        refused = rf"^pad is already running in this folder as process {holder.pid}: wait for"
        with pytest.raises(TimeoutError, match=refused), hold_lock(lock, patience=0.3):
            pass
        waiting = f"waiting for pad, which runs as process {holder.pid}\n"
        assert capsys.readouterr().err == waiting
        threading.Timer(0.3, holder.stdin.close).start()
        with hold_lock(lock):
            assert holder.stdin.closed
    assert capsys.readouterr().err == waiting
