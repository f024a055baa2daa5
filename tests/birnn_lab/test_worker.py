"""The task of a cluster machine, without Ray."""

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
DVC = """
if f"fail-{arguments[1]}" in arguments:
    sys.exit(f"ERROR: no {arguments[1]}")
if "timed" in arguments:
    Path("state").mkdir(exist_ok=True)
    Path("state", "times.jsonl").write_text("times")
sys.exit()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a script imports the fake dvc")
def test_task_clones_runs_and_pushes(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, machine, clones = fake_dvc(DVC), socket.gethostname(), repository / "clones"
    requirements = repository / "requirements-cluster.txt"
    requirements.write_text(INSTALLED)
    commit(repository)
    for name, folder in {"PYTHONPATH": "", "HOME": "", "BIRNN_WORKER": "clones"}.items():
        monkeypatch.setenv(name, str(repository / folder))

    def carry_out(name: str, address: str = str(repository)) -> str:
        origin = worker.Origin(address, "HEAD", {"core.remote": "a", "remote.a.url": "s3://a"})
        try:
            return worker.carry_out(origin, name, ["--name", name, "-S", "train.seed=1"])
        except RuntimeError as error:
            return str(error)

    assert carry_out("timed") == "times"
    assert calls() == [
        "config --local core.remote a",
        "config --local remote.a.url s3://a",
        f"config --local cache.dir {clones}/cache",
        "exp run --pull --name timed -S train.seed=1",
        "exp push --force --run-cache origin timed",
    ]
    assert [*clones.iterdir()] == []
    pip = worker.CHECK
    monkeypatch.setattr(worker, "CHECK", "-c pass")  # pip takes a second
    # By default, clones are in the cache of the user.
    monkeypatch.setenv("BIRNN_WORKER", "")
    assert carry_out("untimed") == ""
    assert (repository / ".cache" / "birnn-worker").is_dir()
    assert carry_out("fail-run") == f"dvc exp run failed on {machine}: ERROR: no run"
    assert carry_out("fail-push") == f"dvc exp push failed on {machine}: ERROR: no push"
    message = carry_out("timed", f"{repository}/none")
    assert message.startswith(f"git clone --quiet failed on {machine}: fatal: repository '")
    # Other versions would not be comparable.
    monkeypatch.setattr(worker, "CHECK", pip)
    requirements.write_text(INSTALLED + LINE.format("scipy", "0"))
    commit(repository)
    expected = "ERROR: No matching distribution found for scipy==0"
    assert carry_out("timed").endswith(f" -m pip failed on {machine}: {expected}")
