"""The runs in a commit and in the working tree, without DVC's cache."""

import json
import tarfile
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from birnn.core import processes
from birnn.core.errors import InputError
from birnn.core.integrity import parse_lock
from birnn.core.paths import LOCK, METRICS, PARAMS, STUDIES
from birnn.core.yaml_files import parse_yaml
from birnn.experiments.runs import WORKSPACE, Run
from birnn.studies import store
from birnn.studies.store import Study


def read(commit: str = "") -> Run:
    """Return the run in a commit, or in the working tree, even if it is unfinished or stale.

    Raises:
        InputError: the commit does not exist or has no settings, or its `dvc.lock` is damaged.
    """
    params = _content(commit, PARAMS)
    if not params:
        raise InputError(
            f"{commit} is not a commit with params.yaml: run git fetch, or choose another, for "
            "example make review BASE=origin/main"
        )
    lock_name = f"{commit}:{LOCK}" if commit else str(LOCK)
    lock = parse_lock(_content(commit, LOCK) or b"stages: {}", lock_name)
    metrics = json.loads(_content(commit, METRICS) or b"{}")
    return Run(commit or WORKSPACE, commit, commit, parse_yaml(params), metrics, lock)


def read_studies(commit: str) -> list[Study]:
    """Return the studies of a commit, without those in the layout of earlier versions."""
    archive = processes.run("git", "archive", commit, "--", STUDIES.as_posix(), check=False).stdout
    if not archive:
        return []
    with TemporaryDirectory() as folder, tarfile.open(fileobj=BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
        return store.read_all(Path(folder) / STUDIES)


def compare_metrics(base: str) -> str:
    """Return the Markdown table of the metrics that changed since a commit, as DVC prints it.

    Raises:
        InputError: DVC cannot compare them.
    """
    return processes.output("dvc", "metrics", "diff", "--md", "--no-path", base)


def _content(commit: str, file: Path) -> bytes:
    """Return the content of a file, empty if it is missing."""
    if not commit:
        return file.read_bytes() if file.exists() else b""
    name = f"{commit}:{file.as_posix()}"
    return processes.run("git", "show", "--end-of-options", name, check=False).stdout
