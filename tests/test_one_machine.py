"""Test that experiments on one machine need none of the packages for a cluster.

`test_package.py` runs an experiment without them.
"""

import re
from pathlib import Path

import pytest

from tests.projects import PROJECT, error_line, run

CLUSTER_PACKAGES = {"boto3", "botocore", "dvc-s3", "moto", "ray", "s3fs"}
HIDE = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name == "ray":
            raise ImportError("ray is hidden")

sys.meta_path.insert(0, Hidden())
"""


def test_requirements_have_no_cluster_packages() -> None:
    locks = [PROJECT / name for name in ("requirements.txt", "requirements-cluster.txt")]
    plain, cluster = (set(re.findall(r"(?m)^[^\s#].*(?= \\$)", lock.read_text())) for lock in locks)
    assert plain < cluster
    assert {line.partition("==")[0] for line in cluster - plain} >= CLUSTER_PACKAGES


@pytest.mark.slow
def test_missing_ray_error_names_make_cluster(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HIDE)
    command = ("python", "-m", "birnn", "sweep", "--on", "ray", "-S", "train.epochs=1")
    result = run(*command, cwd=clone, warm=False, PYTHONPATH=str(tmp_path))
    assert result.returncode == 1
    assert error_line(result.stderr) == "error: Ray is not installed: run make cluster"
