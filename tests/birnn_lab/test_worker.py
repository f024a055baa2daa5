"""The task of a cluster machine, without Ray."""

import os
import socket
import sys
from importlib import metadata
from pathlib import Path

import pytest

from birnn_lab import worker
from tests.birnn_lab.repository import fake_dvc
from tests.projects import commit

LINE = "{}=={} \\\n    --hash=sha256:00\n"
INSTALLED = LINE.format("numpy", metadata.version("numpy"))
INSTALLED += LINE.format("none", "1 ; sys_platform == 'other'")


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


# The command `dvc` fails, or records the clone's configuration in the place of times.
DVC = """
if f"fail-{arguments[1]}" in arguments:
    sys.exit(f"ERROR: no {arguments[1]}")
if "timed" in arguments:
    Path("state").mkdir(exist_ok=True)
    Path("state", "times.jsonl").write_text(Path(".dvc", "config.local").read_text())
sys.exit()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a script imports the fake dvc")
def test_task_clones_runs_and_pushes(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, machine, clones = fake_dvc(DVC), socket.gethostname(), repository / "clones"
    (repository / worker.REQUIREMENTS).write_text(INSTALLED)
    commit(repository)
    for name, folder in {"PYTHONPATH": "", "HOME": "", worker.FOLDER_VARIABLE: "clones"}.items():
        monkeypatch.setenv(name, str(repository / folder))

    def carry_out(name: str, address: str = str(repository)) -> str:
        options = ("-S", "train.seed=1")
        try:
            origin = worker.Origin(address, "HEAD", {"url": "s3://a"})
            return worker.carry_out(origin, 1, name, options)
        except worker.TaskError as error:
            return str(error)

    configured = carry_out("timed")
    for line in ("remote = cluster", "url = s3://a", f"dir = {clones}/cache"):
        assert line in configured
    assert calls() == [
        "exp run --pull --name timed -S train.seed=1",
        "exp push --force --run-cache origin timed",
    ]
    assert [path.name for path in clones.iterdir()] == [f"cores-{machine}"]
    pip = worker.CHECK
    monkeypatch.setattr(worker, "CHECK", "-c pass")  # pip takes a second
    # By default, clones are in the cache of the user.
    monkeypatch.setenv(worker.FOLDER_VARIABLE, "")
    clones = repository / ".cache" / "birnn-worker"
    assert carry_out("untimed") == ""
    assert carry_out("fail-run") == f"on {machine}: dvc exp run failed: ERROR: no run"
    message = carry_out("timed", f"{repository}/none")
    assert message.startswith(f"on {machine}: git clone --quiet failed: fatal: repository '")
    assert [path.name for path in clones.iterdir()] == [f"cores-{machine}"]
    # The results of a refused push stay.
    message = carry_out("fail-push")
    (kept,) = clones.glob(f"kept-fail-push-{machine}-*")
    assert (kept / "dvc.yaml").exists()
    assert message == (
        f"on {machine}: dvc exp push failed: ERROR: no push; the results are saved on that machine "
        f"in {kept}: once the remotes accept them, run dvc exp push --force --run-cache origin "
        "fail-push there"
    )
    # Other versions would not be comparable.
    monkeypatch.setattr(worker, "CHECK", pip)
    (repository / worker.REQUIREMENTS).write_text(INSTALLED + LINE.format("scipy", "0"))
    commit(repository)
    expected = "ERROR: No matching distribution found for scipy==0: run make cluster there"
    assert carry_out("timed").endswith(f" -m pip failed: {expected}")
