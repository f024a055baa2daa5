"""Locks between processes."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from birnn.core.errors import InputError
from birnn.core.locks import hold_lock
from tests.projects import PROJECT

HOLD = """
import sys, time
from birnn.core.locks import hold_lock
with hold_lock("pad"):
    print("locked", flush=True)
    time.sleep(float(sys.argv[1]))
"""


def start_holder(seconds: float) -> subprocess.Popen[str]:
    """Start a process that holds the lock for some seconds."""
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(seconds)],
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "locked\n"
    return process


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_second_process_waits() -> None:
    with start_holder(1) as process:
        with hold_lock("fetch"):
            assert process.poll() is None
        start = time.monotonic()
        with hold_lock("pad"):
            assert time.monotonic() - start > 0.3
        process.wait()


def test_error_names_the_process() -> None:
    with start_holder(60) as process:
        expected = rf"^pad .*\b{process.pid}\b"
        with pytest.raises(InputError, match=expected), hold_lock("pad", patience=0.3):
            pass
        process.kill()


def test_killed_process_releases_the_lock() -> None:
    with start_holder(60) as process:
        process.kill()
        process.wait()
        with hold_lock("pad", patience=0):
            pass
