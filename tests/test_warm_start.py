"""Test that programs forked from the server behave like programs started normally."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.projects import WARM_START, environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(WARM_START not in os.environ, reason="the server runs only on Linux"),
]

PROGRAM = """
import os, resource, signal, sys, time
print(sys.argv[1:], os.getcwd(), os.environ["COLOR"], sys.stdin.read(), file=sys.stderr)
print(resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGINT), flush=True)
exec(sys.argv[1])
"""
EXIT_STATUS = {
    "pass": 0,
    "sys.exit('a word')": 1,
    "1 / 0": 1,
    "os._exit(3)": 3,
    "os.kill(os.getpid(), signal.SIGTERM)": -signal.SIGTERM,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a program in a package that the server handles."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "program.py").write_text(PROGRAM)
    return tmp_path


def set_limits_and_signals() -> None:
    import resource  # noqa: PLC0415  # not on Windows

    resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, 10**7))
    # A shell may start its background jobs with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("code", EXIT_STATUS)
def test_forked_program_behaves_like_normal_program(folder: Path, code: str) -> None:
    warm, cold = (
        subprocess.run(
            ["python", "-m", "tests.program", code, "ä b"],
            cwd=folder,
            env=environment(warm=warm, COLOR="blue"),
            input="typed",
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=set_limits_and_signals,
        )
        for warm in (True, False)
    )
    assert warm.returncode == cold.returncode == EXIT_STATUS[code]
    assert warm.stdout == cold.stdout
    # Tracebacks have more lines in between.
    for line in (0, -1):
        assert warm.stderr.splitlines()[line] == cold.stderr.splitlines()[line]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_forked_program_gets_signals_and_ends_with_client(folder: Path, number: int) -> None:
    with subprocess.Popen(
        ["python", "-m", "tests.program", "time.sleep(60)"],
        cwd=folder,
        env=environment(COLOR="blue"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as client:
        assert client.stdout
        assert client.stdout.readline()  # the program runs
        start = time.monotonic()
        client.send_signal(number)
        assert client.wait(timeout=10) == -number
        assert client.stdout.read() == ""  # no process has the pipe open
        assert time.monotonic() - start < 30
