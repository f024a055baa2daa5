"""What a commit says of its settings, results and plots: read from git, without DVC's cache."""

import hashlib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from birnn.core.errors import InputError
from birnn.core.settings import flatten
from birnn.core.yaml_files import parse_yaml

PLOTS = "plots"
TEST_REVIEWS = "data/corpus/test.parquet"


@dataclass(frozen=True)
class Facts:
    """The settings and results of one side of a review; empty where it has none.

    Attributes:
        settings: by full name.
        metrics: what `metrics.json` holds.
        lock: what `dvc.lock` holds.
        plots: the sha256 of each plot's rows, by file.
    """

    settings: dict[str, Any]
    metrics: dict[str, Any]
    lock: dict[str, Any]
    plots: dict[str, str]

    @property
    def test_reviews(self) -> str | None:
        """The hash of the test reviews that the metrics are of, None where it is not known."""
        stage = self.lock.get("stages", {}).get("evaluate", {})
        hashes = (dep["md5"] for dep in stage.get("deps", []) if dep["path"] == TEST_REVIEWS)
        return next(hashes, None)


def read_working_tree() -> Facts:
    """Return the facts of the files as they lie here."""

    def read(name: str) -> bytes | None:
        file = Path(name)
        return file.read_bytes() if file.exists() else None

    return _facts(read, sorted(file.as_posix() for file in Path(PLOTS).glob("*.csv")))


def read_commit(revision: str) -> Facts:
    """Return the facts of a commit; a branch that a shallow clone lacks is fetched.

    Raises:
        InputError: there is no such commit.
    """
    commit = _commit(revision)

    def read(name: str) -> bytes | None:
        result = _git("show", f"{commit}:{name}")
        return result.stdout if result.returncode == 0 else None

    listed = _git("ls-tree", "--name-only", commit, f"{PLOTS}/").stdout.decode().splitlines()
    return _facts(read, [name for name in listed if name.endswith(".csv")])


def _commit(revision: str) -> str:
    if (found := _resolve(revision)) is None:
        remote, _, branch = revision.partition("/")
        _git("fetch", "--quiet", "--depth=1", remote, f"{branch}:refs/remotes/{revision}")
        found = _resolve(revision)
    if found is None:
        raise InputError(
            f"{revision} is no commit here, and could not be fetched: name another, as in "
            "make review BASE=origin/main"
        )
    return found


def _resolve(revision: str) -> str | None:
    result = _git("rev-parse", "--quiet", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    return result.stdout.decode().strip() if result.returncode == 0 else None


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *arguments], check=False, capture_output=True)


def _facts(read: Any, plots: list[str]) -> Facts:
    params = parse_yaml(read("params.yaml") or b"{}")
    return Facts(
        settings=flatten(params),
        metrics=json.loads(read("metrics/metrics.json") or b"{}"),
        lock=parse_yaml(read("dvc.lock") or b"{}"),
        plots={name: hashlib.sha256(read(name) or b"").hexdigest() for name in plots},
    )
