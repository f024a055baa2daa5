"""Experiments on the nodes of a Ray cluster, on small real data, with the true `dvc` and `git`."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.conftest import EXPERIMENTS, Machines, publish, run_on
from tests.projects import check_output, copy, environment, run

pytest.importorskip("ray", reason="make cluster installs Ray")
pytestmark = pytest.mark.exhaustive

NAMES = ["seed-1", "seed-2", "seed-3", "seed-4"]


def experiments(project: Path) -> list[str]:
    """Return the names of the experiments that DVC lists, as often as it does."""
    return sorted(check_output(project, "dvc", "exp", "list", "--name-only").split())


def metrics(project: Path, name: str) -> dict[str, Any]:
    refs = check_output(project, "git", "for-each-ref", "--format=%(refname)", "refs/exps").split()
    reference = next(one for one in refs if one.endswith(f"/{name}"))
    return json.loads(check_output(project, "git", "show", f"{reference}:metrics/metrics.json"))


def test_four_experiments_over_two_nodes_are_as_if_they_had_run_here(
    on_s3: Path, machines: Machines
) -> None:
    project = on_s3
    local = copy(project, project.parent / "local")
    result = run_on(machines, project, "-S", "train.seed=1..4")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 of 4 experiments are finished" in result.stdout
    assert "[4 of 4] seed-" in result.stdout
    assert experiments(project) == NAMES
    # Both machines had a part, and nothing is left but their caches.
    for folder in machines.folders:
        assert (folder / "cache" / "files").is_dir()
        assert {one.name for one in folder.iterdir()} == {"cache", f"cores-{socket.gethostname()}"}

    shown = check_output(project, "dvc", "exp", "show", "--csv")
    assert all(name in shown for name in NAMES)
    check_output(local, *EXPERIMENTS, "run", "-S", "train.seed=1..4")
    for name in NAMES:
        assert metrics(project, name) == metrics(local, name)

    # They count as finished, and can be taken over: what they made came along.
    again = run_on(machines, project, "-S", "train.seed=1..4")
    assert "4 of 4 experiments are finished" in again.stdout
    check_output(project, "dvc", "exp", "apply", "seed-3")
    assert run("dvc", "repro", "--dry", cwd=project).stdout.count("Running stage") == 0

    # Another clone finds them on the remotes, and runs nothing.
    other = project.parent / "other"
    check_output(project.parent, "git", "clone", "-q", "origin.git", "other")
    check_output(other, "dvc", "pull", "--quiet")
    again = run_on(machines, other, "-S", "train.seed=1..4")
    assert again.returncode == 0, again.stderr
    assert "4 of 4 experiments are finished" in again.stdout
    assert experiments(other) == NAMES


def running_experiments(folder: Path) -> list[Path]:
    """Return the clones on a machine in which a network is being trained."""
    return [one for one in folder.glob("*/state") if any(one.rglob("*.npz"))]


def test_the_experiment_of_a_lost_machine_runs_on_another(
    project: Path, machines: Machines
) -> None:
    lost = machines.folders[1]
    command = (*EXPERIMENTS, "run", "--on", "ray", "--cpus", "1", "-S", "train.seed=1..2")
    driver = subprocess.Popen(
        command,
        cwd=project,
        env=environment(**machines.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 300
    while not running_experiments(lost):
        assert driver.poll() is None, driver.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    machines.kill_second_node()
    said = driver.communicate(timeout=300)[0]
    assert driver.returncode == 0, said
    assert experiments(project) == ["seed-1", "seed-2"]
    on_remote = check_output(project, "dvc", "exp", "list", "--name-only", "origin").split()
    assert sorted(on_remote) == ["seed-1", "seed-2"]
    assert metrics(project, "seed-1") != metrics(project, "seed-2")
    # Nothing goes on where the machine was lost.
    assert not [
        one for one in Path("/proc").glob("[0-9]*/cwd") if str(lost) in os.path.realpath(one)
    ]


def refuse_experiments(project: Path) -> None:
    """Have the git remote take no experiment: a file is where they would be."""
    (project.parent / "origin.git" / "refs" / "exps").touch()


def refuse_files(project: Path) -> None:
    """Have the DVC remote take no file: those of new hashes would be in folders that are none."""
    hashes = project.parent / "storage" / "files" / "md5"
    for number in range(256):
        folder = hashes / f"{number:02x}"
        if not folder.exists():
            folder.touch()


@pytest.mark.parametrize("refuse", [refuse_experiments, refuse_files])
def test_what_a_remote_refuses_is_kept_where_it_was_made(
    project: Path, machines: Machines, refuse: Any
) -> None:
    check_output(project, "dvc", "push", "--quiet", "--run-cache")
    refuse(project)
    result = run_on(machines, project, "-S", "train.seed=1")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == "error: failed, see above: seed-1"
    line = next(line for line in result.stdout.splitlines() if "seed-1 failed: " in line)
    kept = Path(line.partition("its results are kept there, in ")[2].partition(": ")[0])
    assert kept.parent in machines.folders
    assert experiments(project) == []
    assert experiments(kept) == ["seed-1"]

    # As the line says, once the remotes take them.
    experiments_of_git = project.parent / "origin.git" / "refs" / "exps"
    for file in (experiments_of_git, *(project.parent / "storage" / "files" / "md5").iterdir()):
        if file.is_file():
            file.unlink()
    check_output(kept, *line.partition("run ")[2].removesuffix(" in it").split())
    result = run_on(machines, project, "-S", "train.seed=1")
    assert "1 of 1 experiments are finished" in result.stdout
    assert experiments(project) == ["seed-1"]


def test_an_experiment_that_fails_says_why(project: Path, machines: Machines) -> None:
    result = run_on(machines, project, "-S", "baseline.min_reviews=100000")
    assert result.returncode == 1
    assert "error: failed, see above: min-reviews-100000" in result.stderr
    assert "min-reviews-100000 failed: on " in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
    assert experiments(project) == []


def lose_git_remote(project: Path) -> None:
    check_output(project, "git", "remote", "remove", "origin")


def tell_git_a_password(project: Path) -> None:
    address = "https://someone:something@example.com/birnn.git"
    check_output(project, "git", "remote", "set-url", "origin", address)


def tell_git_a_token(project: Path) -> None:
    check_output(
        project, "git", "remote", "set-url", "origin", "https://token@example.com/birnn.git"
    )


def lose_dvc_remote(project: Path) -> None:
    check_output(project, "dvc", "remote", "remove", "storage")
    publish(project)


def name_a_relative_address(project: Path) -> None:
    check_output(project, "dvc", "remote", "modify", "storage", "url", "../storage")
    publish(project)


def change_settings(project: Path) -> None:
    (project / "gate.yaml").write_text("# changed\n")


def commit_alone(project: Path) -> None:
    check_output(project, "git", "commit", "-q", "--allow-empty", "-m", ".")


@pytest.mark.parametrize(
    ("mistake", "expected"),
    [
        (lose_git_remote, "there is no git remote origin: git remote add origin ADDRESS"),
        (tell_git_a_password, "the address of the git remote origin has credentials, which would"),
        (tell_git_a_token, "the address of the git remote origin has credentials, which would"),
        (lose_dvc_remote, "there is no default DVC remote: dvc remote add --default NAME ADDRESS"),
        (name_a_relative_address, "the DVC remote storage has a relative address, where DVC does"),
        (change_settings, "the machines of a cluster run what is committed: commit, and push"),
        (commit_alone, "the git remote origin does not have this commit: git push first"),
    ],
)
def test_a_mistake_is_said_before_anything_runs(project: Path, mistake: Any, expected: str) -> None:
    mistake(project)
    result = run(*EXPERIMENTS, "run", "--on", "ray", "-S", "train.seed=1", cwd=project)
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: {expected}")
    assert len(result.stderr.splitlines()) == 1


def test_a_cluster_that_is_not_there(project: Path) -> None:
    command = (*EXPERIMENTS, "run", "--on", "ray", "-S", "train.seed=1")
    result = run(*command, cwd=project, RAY_ADDRESS="127.0.0.1:1")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("error: there is no Ray at 127.0.0.1:1")


@pytest.mark.parametrize(
    "other",
    [
        {"RAY_AUTH_MODE": "disabled"},
        {"RAY_AUTH_TOKEN": "", "RAY_AUTH_TOKEN_PATH": "/nowhere"},
    ],
    ids=["none is sent", "there is none"],
)
def test_a_cluster_that_wants_its_token(
    project: Path, machines: Machines, other: dict[str, str]
) -> None:
    result = run_on(machines, project, "-S", "train.seed=1", **other)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith(
        f"error: the Ray at {machines.address} wants its token: set RAY_AUTH_MODE=token, and have"
    )
    assert "Traceback" not in result.stderr
