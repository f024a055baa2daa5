"""Whoever stays on one machine needs nothing of what a cluster does."""

import re
from pathlib import Path

import pytest

from tests.projects import PROJECT, ran, run

OF_A_CLUSTER = ("boto3", "botocore", "dvc_s3", "moto", "ray", "s3fs")
HIDE = f"""
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name in {OF_A_CLUSTER}:
            raise ImportError(f"{{name}} is hidden")

sys.meta_path.insert(0, Hidden())
"""
EXPERIMENTS = ("python", "-m", "experiments")


@pytest.fixture
def hidden(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which Python finds nothing that a cluster needs."""
    folder = tmp_path / "hidden"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HIDE)
    environment = {"PYTHONPATH": str(folder)}
    result = run("python", "-c", "import ray", cwd=tmp_path, **environment)
    assert "ray is hidden" in result.stderr
    return environment


def test_the_lock_has_nothing_of_a_cluster() -> None:
    locks = [PROJECT / name for name in ("requirements.txt", "requirements-cluster.txt")]
    plain, cluster = (set(re.findall(r"(?m)^[^\s#].*(?= \\$)", lock.read_text())) for lock in locks)
    assert plain < cluster
    added = {line.partition("==")[0] for line in cluster - plain}
    assert {name.replace("_", "-") for name in OF_A_CLUSTER} <= added


@pytest.mark.exhaustive
def test_experiments_here_need_nothing_of_a_cluster(
    finished_copy: Path, hidden: dict[str, str]
) -> None:
    result = run(
        *EXPERIMENTS, "run", "-S", "train.epochs=1", cwd=finished_copy, warm=False, **hidden
    )
    assert result.returncode == 0, result.stderr
    assert {"train_bilstm", "train_bigru", "evaluate", "report"} <= set(ran(result))


@pytest.mark.slow
def test_without_ray_it_says_what_to_install(finished_copy: Path, hidden: dict[str, str]) -> None:
    command = (*EXPERIMENTS, "run", "--on", "ray", "-S", "train.epochs=1")
    result = run(*command, cwd=finished_copy, warm=False, **hidden)
    assert result.returncode == 1
    assert result.stderr.splitlines() == ["error: Ray is not installed: make cluster"]
