"""Programs that are forked from the server behave as those that are started anew."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.projects import WARM_START, environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(WARM_START not in os.environ, reason="only Linux starts programs so"),
]

PROGRAM = """
import os, resource, signal, sys, time
print(sys.argv[1:], os.getcwd(), os.environ["COLOUR"], sys.stdin.read(), file=sys.stderr)
print(resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGINT), flush=True)
exec(sys.argv[1])
"""
ENDS = {
    "pass": 0,
    "sys.exit(7)": 7,
    "sys.exit('a word')": 1,
    "1 / 0": 1,
    "os._exit(3)": 3,
    "os.kill(os.getpid(), signal.SIGKILL)": -signal.SIGKILL,
    "os.kill(os.getpid(), signal.SIGTERM)": -signal.SIGTERM,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a program, under a name that the server takes for the project's."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "program.py").write_text(PROGRAM)
    return tmp_path


def prepare() -> None:
    import resource  # noqa: PLC0415  # Windows has none

    resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, 10**7))
    # A shell may have it ignored in what it runs in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("ends", ENDS)
def test_a_forked_program_is_as_any_other(folder: Path, ends: str) -> None:
    warm, cold = (
        subprocess.run(
            ["python", "-m", "tests.program", ends, "ä b"],
            cwd=folder,
            env=environment(warm=warm, COLOUR="blue"),
            input="typed",
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=prepare,
        )
        for warm in (True, False)
    )
    assert warm.returncode == cold.returncode == ENDS[ends]
    assert warm.stdout == cold.stdout
    # Tracebacks are longer in between.
    for place in (0, -1):
        assert warm.stderr.splitlines()[place] == cold.stderr.splitlines()[place]


def test_signals_reach_a_forked_program_and_it_ends_with_its_client(folder: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with subprocess.Popen(
            ["python", "-m", "tests.program", "time.sleep(60)"],
            cwd=folder,
            env=environment(COLOUR="blue"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as client:
            assert client.stdout
            assert client.stdout.readline()  # it runs
            start = time.monotonic()
            client.send_signal(number)
            assert client.wait(timeout=10) == -number
            assert client.stdout.read() == ""  # nothing has the pipe open
            assert time.monotonic() - start < 30
