"""The task of a cluster machine, without Ray."""

import os
import socket
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import cloudpickle
import pytest

from birnn.experiments import cluster, worker
from tests.projects import commit, environment

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
    with worker.cores(len(usable) + 1, tmp_path), worker.cores(len(usable), tmp_path):
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
    """Return a folder on a machine with programs in its folder `bin`."""
    folder = tmp_path / "machine"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / "bin" / "dvc").write_text(DVC)
    (folder / "bin" / "dvc").chmod(0o755)
    (repository / worker.LOCK).write_text(INSTALLED)
    (repository / ".gitignore").write_text("/machine\n")
    commit(repository)
    return folder


def carry_out(machine: Path, name: str, address: Path) -> str:
    """Send a task to a machine, and return its result or error."""
    for module in cluster.SENT:
        cloudpickle.register_pickle_by_value(module)
    options = ("-S", "train.seed=1")
    task = worker.Task(name, str(address), "HEAD", {"url": "s3://a"}, options, 1)
    sent = cloudpickle.dumps((worker.carry_out, task))
    for module in cluster.SENT:
        cloudpickle.unregister_pickle_by_value(module)
    variables = {"PYTHONPATH": sysconfig.get_path("purelib"), worker.FOLDER: f"{machine}/clones"}
    output = subprocess.check_output(
        [str(machine / "bin" / "python"), "-c", MACHINE],
        input=sent,
        env=environment(warm=False, **variables),
    )
    return output.decode().strip()


@pytest.mark.skipif(sys.platform == "win32", reason="the programs are scripts")
def test_task_clones_runs_and_pushes(machine: Path, repository: Path) -> None:
    clones, own = machine / "clones", socket.gethostname()
    assert carry_out(machine, "seed-1", repository) == "times"
    assert (clones / "calls.txt").read_text().splitlines() == [
        "exp run --pull --name seed-1 -S train.seed=1",
        "exp push --force --run-cache origin seed-1",
    ]
    configured = (clones / "config.local").read_text()
    for line in ("remote = cluster", "url = s3://a", f"dir = {clones}/cache"):
        assert line in configured
    result = carry_out(machine, "fail-run", repository)
    assert result == f"on {own}: dvc exp run failed: ERROR: no run"
    left = {"calls.txt", "config.local", f"cores-{own}"}
    assert {path.name for path in clones.iterdir()} == left
    # The results of a refused push stay.
    result = carry_out(machine, "fail-push", repository)
    (kept,) = clones.glob(f"kept-fail-push-{own}-*")
    assert (kept / "dvc.yaml").exists()
    assert result.startswith(f"on {own}: dvc exp push failed: ERROR: no push; the results are ")


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
