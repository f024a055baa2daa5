"""A process ends when it is asked to, and with the one that started it."""

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
from birnn.core import signals as interrupts
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)  # nohup or a shell may have it ignored
interrupts.raise_on_signals()
interrupts.end_with_parent()
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


pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signals_interrupt(name: str) -> None:
    command = [sys.executable, "-c", CHILD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(getattr(signal, name))
        assert process.stdout.readline() == "interrupted\n"
        assert process.wait(timeout=10) == 0


ERROR = """
import os, signal
from birnn.core import signals as interrupts
interrupts.raise_on_signals()
try:
    with interrupts.restore_interrupts():
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
def test_an_interrupt_that_becomes_another_error_is_one(interrupted: object, raised: str) -> None:
    command = [sys.executable, "-c", ERROR.format(interrupted=interrupted)]
    assert subprocess.check_output(command, env=ENVIRONMENT, text=True) == f"{raised}\n"


def test_a_child_ends_with_its_parent() -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT, text=True) as process:
        assert process.stdout
        child = psutil.Process(int(process.stdout.readline()))
        process.kill()
        psutil.wait_procs([child], timeout=10)
        assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
