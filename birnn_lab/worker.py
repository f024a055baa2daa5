"""The task of a cluster machine: clone, run one experiment, and push it to both remotes.

Ray sends this module, `launcher` and `processes` with each task, to machines that lack this
project. So tasks use nothing else of it, and otherwise only the standard library.
"""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from birnn_lab.launcher import command_prefix, environment
from birnn_lab.processes import last_line

# Fails if a package is missing or has another version: results would not be comparable.
CHECK = "-m pip install --dry-run --no-index --no-deps --quiet -r requirements-cluster.txt"


@dataclass(frozen=True)
class Origin:
    """The commit that experiments start from, and the remotes that they are pushed to."""

    git_remote: str  # address of a git remote that has the commit
    commit: str
    dvc_settings: dict[str, str]  # the default DVC remote, as `dvc config` names its settings


def carry_out(origin: Origin, name: str, options: Sequence[str]) -> str:
    """Run an experiment in a new clone, push it to both remotes and return its recorded times.

    Clones are in the folder that `BIRNN_WORKER` names, by default `~/.cache/birnn-worker`, and
    share a DVC cache there. So an experiment that is repeated restores what it had finished.

    Raises:
        RuntimeError: a command failed; the message has the machine and the reason in one line.
    """
    base = Path(os.environ.get("BIRNN_WORKER") or Path.home() / ".cache" / "birnn-worker")
    base.mkdir(parents=True, exist_ok=True)
    settings = origin.dvc_settings | {"cache.dir": str(base / "cache")}
    with tempfile.TemporaryDirectory(dir=base, ignore_cleanup_errors=True) as clone:
        for command in (
            ("git", "clone", "--quiet", "--no-checkout", origin.git_remote, "."),
            ("git", "checkout", "--quiet", "--detach", origin.commit),
            (sys.executable, *CHECK.split()),
            *(("dvc", "config", "--local", *setting) for setting in settings.items()),
            ("dvc", "exp", "run", "--pull", *options),
            ("dvc", "exp", "push", "--force", "--run-cache", "origin", name),
        ):
            done = subprocess.run(
                [*command_prefix(), *command],
                cwd=clone,
                env=environment(base / "kernels"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                check=False,
            )
            if done.returncode != 0:
                what = f"{' '.join(command[:3])} failed on {socket.gethostname()}"
                raise RuntimeError(f"{what}: {last_line(done.stdout)}")
        times = Path(clone, "state", "times.jsonl")  # see `birnn.runtime.times`
        return times.read_text(encoding="utf-8") if times.exists() else ""
