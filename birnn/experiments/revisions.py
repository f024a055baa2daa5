"""Settings, results and plots of a commit or the working tree, without DVC's cache."""

import hashlib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from birnn.core import processes
from birnn.core.errors import InputError
from birnn.core.integrity import parse_lock
from birnn.core.paths import LOCK, METRICS, PARAMS, PLOTS, TEST_REVIEWS
from birnn.core.settings import flatten
from birnn.core.yaml_files import parse_yaml


@dataclass(frozen=True)
class Facts:
    """The settings and results of one side of a review; empty if a file is missing.

    Attributes:
        settings: settings by full name.
        metrics: content of `metrics.json`.
        lock: content of `dvc.lock`.
        plots: SHA-256 of each plot's data, by file.
    """

    settings: dict[str, Any]
    metrics: dict[str, Any]
    lock: dict[str, Any]
    plots: dict[str, str]

    def value(self, metric: str) -> Any:
        """Return the value of a metric such as `bilstm.accuracy`, or None if it is missing."""
        model, _, measure = metric.partition(".")
        return self.metrics.get(model, {}).get(measure)

    @property
    def validation(self) -> Any:
        """The settings of the validation reviews that the metrics were measured with."""
        validation = self.metrics["corpus"]["validation"]
        return validation if validation == "test" else (validation, self.settings.get("pad.seed"))

    @property
    def test_reviews(self) -> str | None:
        """The hash of the test reviews that were evaluated, or None if it is unknown."""
        stage = self.lock.get("stages", {}).get("evaluate", {})
        hashes = (
            dep["md5"] for dep in stage.get("deps", []) if dep["path"] == TEST_REVIEWS.as_posix()
        )
        return next(hashes, None)


def read_working_tree() -> Facts:
    """Return the facts of the working tree."""

    def read(name: str) -> bytes | None:
        file = Path(name)
        return file.read_bytes() if file.exists() else None

    return _facts(read, sorted(file.as_posix() for file in PLOTS.glob("*.csv")), str(LOCK))


def read_commit(revision: str) -> Facts:
    """Return the facts of a commit. Fetch a branch that a shallow clone lacks.

    Raises:
        InputError: the commit does not exist, or its `dvc.lock` is damaged.
    """
    commit = _commit(revision)

    def read(name: str) -> bytes | None:
        result = _git("show", f"{commit}:{name}")
        return result.stdout if result.returncode == 0 else None

    listed = _git("ls-tree", "--name-only", commit, f"{PLOTS}/").stdout.decode().splitlines()
    return _facts(read, [name for name in listed if name.endswith(".csv")], f"{revision}:{LOCK}")


def _commit(revision: str) -> str:
    if (commit := _resolve(revision)) is None:
        remote, _, branch = revision.partition("/")
        _git("fetch", "--quiet", "--depth=1", remote, f"{branch}:refs/remotes/{revision}")
        commit = _resolve(revision)
    if commit is None:
        raise InputError(
            f"{revision} is not a commit and could not be fetched: choose another, for example "
            "make review BASE=origin/main"
        )
    return commit


def _resolve(revision: str) -> str | None:
    result = _git("rev-parse", "--quiet", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    return result.stdout.decode().strip() if result.returncode == 0 else None


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return processes.run("git", *arguments, check=False)


def _facts(read: Any, plots: list[str], lock_name: str) -> Facts:
    params = parse_yaml(read(PARAMS.name) or b"{}")
    lock_text = read(LOCK.name)
    return Facts(
        settings=flatten(params),
        metrics=json.loads(read(METRICS.as_posix()) or b"{}"),
        lock=parse_lock(lock_text, lock_name) if lock_text else {},
        plots={name: hashlib.sha256(read(name) or b"").hexdigest() for name in plots},
    )
