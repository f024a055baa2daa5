"""The task of a cluster machine, without Ray."""

import os
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import cloudpickle
import psutil
import pytest

from birnn.experiments import cluster, worker
from tests.projects import PROJECT, environment

LINE = "{}=={} \\\n    --hash=sha256:00\n"


def test_environment_matches_the_lock_file() -> None:
    # Without the packages of a cluster, the error names the first one that is missing.
    try:
        metadata.version("ray")
    except metadata.PackageNotFoundError:
        with pytest.raises(worker.TaskError, match=r"is missing, but requirements-cluster"):
            worker.compare_environment(PROJECT / worker.LOCK)
    else:
        worker.compare_environment(PROJECT / worker.LOCK)


def test_other_version_is_rejected(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(LINE.format("numpy", metadata.version("numpy")) + LINE.format("scipy", "0.1"))
    with pytest.raises(
        worker.TaskError, match=r"scipy is .*, but lock.txt requires ==0.1: run make"
    ):
        worker.compare_environment(lock)


def test_packages_of_other_systems_are_ignored(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(LINE.format("none", "1 ; sys_platform == 'other'"))
    worker.compare_environment(lock)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux binds processes to cores")
def test_concurrent_tasks_use_different_cores(tmp_path: Path) -> None:
    usable = os.sched_getaffinity(0)
    if len(usable) < 2:
        pytest.skip("there is one core")
    with worker.cores(1, tmp_path):
        first = os.sched_getaffinity(0)
        # Another task on the machine starts with all cores.
        os.sched_setaffinity(0, usable)
        with worker.cores(1, tmp_path):
            second = os.sched_getaffinity(0)
    assert len(first) == len(second) == 1
    assert first != second
    assert os.sched_getaffinity(0) == usable
    # A task that needs more cores than there are is not limited, and releases them all.
    with worker.cores(len(usable) + 1, tmp_path):
        assert os.sched_getaffinity(0) == usable
        with worker.cores(len(usable), tmp_path):
            assert os.sched_getaffinity(0) == usable
            os.sched_setaffinity(0, usable)
            with worker.cores(1, tmp_path):
                assert os.sched_getaffinity(0) == usable


# The machine has Ray's cloudpickle, but not this project.
MACHINE = """
import pickle, sys
sys.modules["birnn"] = None
carry_out, task = pickle.load(sys.stdin.buffer)
try:
    carry_out(task)
except Exception as error:
    print(error)
"""


def test_tasks_contain_all_code_that_they_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(worker.FOLDER, str(tmp_path))
    for module in cluster.SENT:
        cloudpickle.register_pickle_by_value(module)
    task = worker.Task("seed-1", str(tmp_path / "none"), "HEAD", {}, (), 1)
    sent = cloudpickle.dumps((worker.carry_out, task))
    for module in cluster.SENT:
        cloudpickle.unregister_pickle_by_value(module)
    output = subprocess.check_output([sys.executable, "-c", MACHINE], input=sent)
    assert b"git clone --quiet failed: fatal: repository" in output


def test_only_abandoned_clones_are_removed(tmp_path: Path) -> None:
    remaining = {
        f"here-{os.getpid()}-a",
        "there-999999999-a",
        "here-999999999-1-a",  # of process 1 on the machine here-999999999
        "kept-seed-1-here-999999999-a",
        "cache",
    }
    for name in ("here-999999999-a", *remaining):
        (tmp_path / name).mkdir()
    worker.remove_what_is_abandoned(tmp_path, "here")
    assert {path.name for path in tmp_path.iterdir()} == remaining


# Another thread holds a lock of Python: here while it imports a module.
BUSY_WORKER = """
import sys, threading, time
from pathlib import Path
from birnn.experiments import worker

importing = threading.Event()

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "ctypes":
            importing.set()
            time.sleep(60)

sys.modules.pop("ctypes", None)
sys.meta_path.insert(0, Slow())
threading.Thread(target=lambda: __import__("ctypes"), daemon=True).start()
importing.wait()
script = "echo $$ > started && mv started process && exec sleep 60"
worker._run(Path(sys.argv[1]), "sh", "-c", script)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's signal for orphans")
def test_command_of_a_busy_worker_starts_and_ends_with_it(tmp_path: Path) -> None:
    file = tmp_path / "process"
    command = [sys.executable, "-c", BUSY_WORKER, str(tmp_path)]
    with subprocess.Popen(command, cwd=PROJECT, env=environment()) as task:
        try:
            deadline = time.monotonic() + 30
            while not file.exists():
                assert time.monotonic() < deadline, "the command does not start"
                time.sleep(0.05)
        finally:
            task.kill()
    started = psutil.Process(int(file.read_text()))
    _, alive = psutil.wait_procs([started], timeout=10)
    assert not alive
