"""A process exits on signals and with its parent."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from tests.projects import PROJECT

ENVIRONMENT = os.environ | {"PYTHONPATH": str(PROJECT)}

CHILD = """
import signal, time
from birnn.core import signals
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)  # nohup or a shell may ignore it
signals.raise_on_signals()
signals.end_with_parent()
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
PARENT = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}], stdout=subprocess.PIPE, text=True)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""


pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signals_raise_keyboard_interrupt(name: str) -> None:
    command = [sys.executable, "-c", CHILD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(getattr(signal, name))
        assert process.stdout.readline() == "interrupted\n"
        assert process.wait(timeout=10) == 0


ERROR = """
import os, signal
from birnn.core import signals
signals.raise_on_signals()
try:
    with signals.restore_interrupts():
        if {interrupted}:
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            finally:
                raise RuntimeError
        raise RuntimeError
except BaseException as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize(
    ("interrupted", "raised"), [(True, "KeyboardInterrupt"), (False, "RuntimeError")]
)
def test_interrupt_is_restored_from_another_error(interrupted: object, raised: str) -> None:
    command = [sys.executable, "-c", ERROR.format(interrupted=interrupted)]
    assert subprocess.check_output(command, env=ENVIRONMENT, text=True) == f"{raised}\n"


def test_child_ends_with_parent() -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT, text=True) as process:
        assert process.stdout
        child = psutil.Process(int(process.stdout.readline()))
        process.kill()
        psutil.wait_procs([child], timeout=10)
        assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
