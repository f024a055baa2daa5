"""The check of `dvc.lock` against code, settings and data, without DVC's cache."""

import subprocess
import sys

from birnn.experiments.execution import environment


def stale_stages() -> list[str]:
    """Return the stages that `dvc repro` would run, or its error message if it fails."""
    command = [sys.executable, "-m", "dvc", "repro", "--allow-missing", "--dry"]
    result = subprocess.run(
        command, env=environment(), check=False, capture_output=True, text=True, encoding="utf-8"
    )
    if result.returncode != 0:
        return [result.stderr.strip() or "dvc repro fails"]
    lines = result.stdout.splitlines()
    return [line.split("'")[1] for line in lines if line.startswith("Running stage '")]
