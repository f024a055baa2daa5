"""Test that experiments on one machine need none of the packages for a cluster."""

import re
from pathlib import Path

import pytest

from tests.projects import PROJECT, run, stages_run

CLUSTER_MODULES = ("boto3", "botocore", "dvc_s3", "moto", "ray", "s3fs")
HIDE = f"""
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name in {CLUSTER_MODULES}:
            raise ImportError(f"{{name}} is hidden")

sys.meta_path.insert(0, Hidden())
"""
BIRNN = ("python", "-m", "birnn")


@pytest.fixture
def hidden(tmp_path: Path) -> dict[str, str]:
    """Return variables that hide the packages for a cluster from Python."""
    folder = tmp_path / "hidden"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HIDE)
    environment = {"PYTHONPATH": str(folder)}
    result = run("python", "-c", "import ray", cwd=tmp_path, **environment)
    assert "ray is hidden" in result.stderr
    return environment


def test_requirements_have_no_cluster_packages() -> None:
    locks = [PROJECT / name for name in ("requirements.txt", "requirements-cluster.txt")]
    plain, cluster = (set(re.findall(r"(?m)^[^\s#].*(?= \\$)", lock.read_text())) for lock in locks)
    assert plain < cluster
    added = {line.partition("==")[0] for line in cluster - plain}
    assert {name.replace("_", "-") for name in CLUSTER_MODULES} <= added


@pytest.mark.exhaustive
def test_local_experiments_need_no_cluster_packages(
    finished_copy: Path, hidden: dict[str, str]
) -> None:
    result = run(*BIRNN, "sweep", "-S", "train.epochs=1", cwd=finished_copy, warm=False, **hidden)
    assert result.returncode == 0, result.stderr
    assert {"train_bilstm", "train_bigru", "evaluate", "report"} <= set(stages_run(result))


@pytest.mark.slow
def test_missing_ray_error_names_make_cluster(finished_copy: Path, hidden: dict[str, str]) -> None:
    command = (*BIRNN, "sweep", "--on", "ray", "-S", "train.epochs=1")
    result = run(*command, cwd=finished_copy, warm=False, **hidden)
    assert result.returncode == 1
    assert result.stderr.splitlines() == ["error: Ray is not installed: run make cluster"]
