"""A stage ends on signals, also during its imports, and with the process that started it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.projects import PROJECT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")

START = """
import os, signal, sys, time
from birnn.runtime import signals
signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_DFL)
signals.end_early()
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", START + code]
    return subprocess.run(command, check=False, capture_output=True, cwd=PROJECT, text=True)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_signal_ends_the_process_with_one_line(name: str) -> None:
    ended = run(f"os.kill(os.getpid(), signal.SIGHUP)\nos.kill(os.getpid(), signal.{name})")
    assert ended.returncode == 130
    assert ended.stderr == "interrupted: resume with dvc repro\n"


def test_ctrl_c_during_the_imports_of_a_stage_ends_it_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "sklearn.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)")
    own = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{PROJECT}"}
    command = [sys.executable, "-m", "stages.train_baseline"]
    ended = subprocess.run(
        command,
        check=False,
        capture_output=True,
        cwd=tmp_path,
        env=own,
        text=True,
        # A shell may start its background jobs with SIGINT ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert ended.returncode == 130
    assert ended.stderr == "interrupted: resume with dvc repro\n"


def test_stage_ends_with_the_process_that_started_it() -> None:
    # The parent is a shell.
    command = ["sh", "-c", '"$0" -c "$1" & echo $!; wait', sys.executable]
    child_code = START + "print('ready', flush=True)\ntime.sleep(60)"
    own = os.environ | {"DVC_STAGE": "pad"}
    with subprocess.Popen(
        [*command, child_code], stdout=subprocess.PIPE, cwd=PROJECT, env=own, text=True
    ) as parent:
        assert parent.stdout
        pid, _ready = sorted(parent.stdout.readline() for _ in range(2))
        child = psutil.Process(int(pid))
        parent.send_signal(signal.SIGKILL)
        psutil.wait_procs([child], timeout=10)
        assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
