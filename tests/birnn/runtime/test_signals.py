"""A process exits on signals and with its parent."""

import os
import subprocess
import sys

import psutil
import pytest

from tests.projects import PROJECT

ENVIRONMENT = os.environ | {"PYTHONPATH": str(PROJECT)}

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")


def run(code: str, hangup: str = "SIG_DFL") -> subprocess.CompletedProcess[str]:
    """Run code in a process with default signal handlers, except for SIGHUP."""
    script = f"""
import os, signal, sys
from birnn.runtime import signals
for name in ("SIGINT", "SIGTERM"):
    signal.signal(getattr(signal, name), signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.{hangup})

def send(name):
    os.kill(os.getpid(), getattr(signal, name))

{code}
"""
    command = [sys.executable, "-c", script]
    return subprocess.run(command, check=False, capture_output=True, env=ENVIRONMENT, text=True)


RAISE = """
signals.raise_on_signals()
for name in ("SIGHUP", "SIGINT", "SIGTERM"):
    try:
        send(name)
    except KeyboardInterrupt:
        print(name)
"""
EXIT = """
signals.exit_on_signals(signals.interruption_message("pad"))
send("SIGTERM")
"""


def test_signals_that_are_not_ignored_raise_keyboard_interrupt_or_exit() -> None:
    assert run(RAISE).stdout.split() == ["SIGHUP", "SIGINT", "SIGTERM"]
    assert run(RAISE, hangup="SIG_IGN").stdout.split() == ["SIGINT", "SIGTERM"]
    ended = run(EXIT)
    assert ended.stderr == "pad was interrupted: resume with dvc repro\n"
    assert ended.returncode == 130


RESTORE = """
signals.raise_on_signals()
try:
    with signals.restore_interrupts():
        try:
            send({name!r})
        finally:
            raise RuntimeError
except BaseException as error:
    print(type(error).__name__)
"""


def test_interrupt_is_restored_from_another_error() -> None:
    assert run(RESTORE.format(name="SIGTERM")).stdout == "KeyboardInterrupt\n"
    assert run(RESTORE.format(name="SIGCHLD")).stdout == "RuntimeError\n"


CHILD = """
import time
from birnn.runtime import signals
signals.raise_on_signals()
signals.end_with_parent()
print("ready", flush=True)
time.sleep(60)
"""


def test_child_ends_with_parent() -> None:
    # The parent is a shell.
    command = ["sh", "-c", '"$0" -c "$1" & echo $!; wait', sys.executable, CHILD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT, text=True) as parent:
        assert parent.stdout
        pid, _ready = sorted(parent.stdout.readline() for _ in range(2))
        child = psutil.Process(int(pid))
        parent.kill()
        psutil.wait_procs([child], timeout=10)
        assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
