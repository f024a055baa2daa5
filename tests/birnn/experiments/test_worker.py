"""The task of a cluster machine, without Ray."""

import os
import select
import socket
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import cloudpickle
import psutil
import pytest

from birnn.experiments import cluster, worker
from tests.projects import PROJECT, commit, environment

LINE = "{}=={} \\\n    --hash=sha256:00\n"
OTHER_SYSTEM = LINE.format("none", "1 ; sys_platform == 'other'")
INSTALLED = LINE.format("numpy", metadata.version("numpy"))


def test_environment_must_match_the_lock_file(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(OTHER_SYSTEM + INSTALLED)
    worker.compare_environment(lock)
    for name, installed in (("scipy", metadata.version("scipy")), ("none", "missing")):
        lock.write_text(OTHER_SYSTEM + INSTALLED + LINE.format(name, "0"))
        with pytest.raises(
            worker.TaskError, match=f"^{name} is {installed}, but lock.txt requires ==0: run make"
        ):
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


# The machine has Ray's cloudpickle and DVC's modules, but not this project.
MACHINE = """
import pickle, sys
sys.modules["birnn"] = None
carry_out, task = pickle.load(sys.stdin.buffer)
try:
    print(carry_out(task))
except Exception as error:
    print(error)
"""
# The command `dvc` of the machine fails if the name of the experiment has its second word.
DVC = """#!/bin/sh
echo "$@" >> ../calls.txt
case "$*" in *fail-$2*) echo "ERROR: no $2"; exit 255;; esac
cp .dvc/config.local ..
case "$*" in *seed-1*) mkdir -p state; echo times > state/times.jsonl;; esac
"""


@pytest.fixture
def machine(tmp_path: Path, repository: Path) -> Path:
    """Return the home of a user on a machine with programs in the folder `bin`."""
    folder = tmp_path / "machine"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / "bin" / "dvc").write_text(DVC)
    (folder / "bin" / "dvc").chmod(0o755)
    (repository / worker.LOCK).write_text(INSTALLED)
    (repository / ".gitignore").write_text("/machine\n")
    commit(repository)
    return folder


def carry_out(machine: Path, folder: str, *task: str) -> str:
    """Send a task to a machine, and return its result or error."""
    for module in cluster.SENT:
        cloudpickle.register_pickle_by_value(module)
    options = ("-S", "train.seed=1")
    sent = cloudpickle.dumps(
        (worker.carry_out, worker.Task(*task, "HEAD", {"url": "s3://a"}, options, 1))
    )
    for module in cluster.SENT:
        cloudpickle.unregister_pickle_by_value(module)
    variables = {"PYTHONPATH": sysconfig.get_path("purelib"), "HOME": str(machine)}
    command = [str(machine / "bin" / "python"), "-c", MACHINE]
    output = subprocess.check_output(
        command, input=sent, env=environment(warm=False, **variables, **{worker.FOLDER: folder})
    )
    return output.decode().strip()


@pytest.mark.skipif(sys.platform == "win32", reason="the programs are scripts")
def test_task_clones_runs_and_pushes(machine: Path, repository: Path) -> None:
    clones, own, address = machine / "work" / "clones", socket.gethostname(), str(repository)
    assert carry_out(machine, str(clones), "seed-1", address) == "times"
    assert (clones / "calls.txt").read_text().splitlines() == [
        "exp run --pull --name seed-1 -S train.seed=1",
        "exp push --force --run-cache origin seed-1",
    ]
    configured = (clones / "config.local").read_text()
    for line in ("remote = cluster", "url = s3://a", f"dir = {clones}/cache"):
        assert line in configured
    left = {"calls.txt", "config.local", f"cores-{own}"}
    assert {path.name for path in clones.iterdir()} == left
    # By default, clones are in the cache of the user.
    clones = machine / ".cache" / "birnn-worker"
    assert carry_out(machine, "", "seed-2", address) == ""
    result = carry_out(machine, "", "fail-run", address)
    assert result == f"on {own}: dvc exp run failed: ERROR: no run"
    result = carry_out(machine, "", "seed-1", f"{address}/none")
    assert result.startswith(f"on {own}: git clone --quiet failed: fatal: repository '")
    assert {path.name for path in clones.iterdir()} == left
    # The results of a refused push stay.
    result = carry_out(machine, "", "fail-push", address)
    (kept,) = clones.glob("kept-*")
    assert kept.name.startswith(f"kept-fail-push-{own}-")
    assert (kept / "dvc.yaml").exists()
    assert result == (
        f"on {own}: dvc exp push failed: ERROR: no push; the results are saved on that machine in "
        f"{kept}: once the remotes accept them, run dvc exp push --force --run-cache origin "
        "fail-push there"
    )


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

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "ctypes":
            importing.set()
            time.sleep(60)

importing = threading.Event()
sys.modules.pop("ctypes", None)
sys.meta_path.insert(0, Slow())
threading.Thread(target=lambda: __import__("ctypes"), daemon=True).start()
importing.wait()
worker._run(Path(sys.argv[1]), "sh", "-c", "echo $$ > started; exec sleep 60")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's signal for orphans")
def test_command_of_a_busy_worker_starts_and_ends_with_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "started")
    reader = os.open(tmp_path / "started", os.O_RDONLY | os.O_NONBLOCK)
    command = [sys.executable, "-c", BUSY_WORKER, str(tmp_path)]
    with subprocess.Popen(command, cwd=PROJECT, env=environment()) as task:
        is_started, _, _ = select.select([reader], [], [], 60)
        task.kill()
    assert is_started
    started = psutil.Process(int(os.read(reader, 20)))
    os.close(reader)
    assert psutil.wait_procs([started], timeout=10)[1] == []
