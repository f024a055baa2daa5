"""The runs in a commit and in the working tree, without DVC's cache."""

import json
import subprocess
import sys
from pathlib import Path

from birnn.core.errors import InputError
from birnn.core.integrity import LOCK, parse_lock
from birnn.core.yaml_files import parse_yaml
from birnn.experiments.runs import METRICS, WORKSPACE, Run


def read(commit: str = "") -> Run:
    """Return the run in a commit, or in the working tree, even if it is unfinished or stale.

    Raises:
        InputError: the commit does not exist or has no settings, or its `dvc.lock` is damaged.
    """
    params = _content(commit, "params.yaml")
    if not params:
        raise InputError(
            f"{commit} is not a commit with params.yaml: run git fetch, or choose another, for "
            "example make review BASE=origin/main"
        )
    lock_name = f"{commit}:{LOCK}" if commit else str(LOCK)
    lock = parse_lock(_content(commit, LOCK.name) or b"stages: {}", lock_name)
    metrics = json.loads(_content(commit, METRICS.as_posix()) or b"{}")
    return Run(commit or WORKSPACE, commit, commit, parse_yaml(params), metrics, lock)


def compare_metrics(base: str) -> str:
    """Return the Markdown table of the metrics that changed since a commit, as DVC prints it.

    Raises:
        InputError: DVC cannot compare them.
    """
    command = [sys.executable, "-m", "dvc", "metrics", "diff", "--md", "--no-path", base]
    result = subprocess.run(command, check=False, capture_output=True, text=True, encoding="utf-8")
    if result.returncode != 0:
        raise InputError(f"dvc metrics diff {base} failed: {' '.join(result.stderr.split())}")
    return result.stdout.strip()


def _content(commit: str, file: str) -> bytes:
    """Return the content of a file, empty if it is missing."""
    if not commit:
        return Path(file).read_bytes() if Path(file).exists() else b""
    command = ["git", "show", "--end-of-options", f"{commit}:{file}"]
    return subprocess.run(command, check=False, capture_output=True).stdout
