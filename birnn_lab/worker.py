"""The task of a cluster machine: clone, run one experiment, and push it to both remotes.

Ray sends this module, `launcher` and `birnn_lab.processes` with each task, to machines that lack
this project. So tasks use nothing else of it, and otherwise only the standard library at the top.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from birnn_lab.launcher import command_prefix, environment
from birnn_lab.processes import last_line

FOLDER_VARIABLE = "BIRNN_WORKER"
REQUIREMENTS = "requirements-cluster.txt"
CHECK = "-m pip install --dry-run --no-index --no-deps --quiet --requirement"
REMOTE = "cluster"
TIMES = Path("state/times.jsonl")  # see `birnn.runtime.times`


class TaskError(Exception):
    """A failed experiment; the message gives the machine and the reason in one line."""


@dataclass(frozen=True)
class Origin:
    """The commit that experiments start from, and the remotes that they are pushed to."""

    git_remote: str  # address of a git remote that has the commit
    commit: str
    dvc_remote: dict[str, str]  # options of a DVC remote, including its address `url`


def carry_out(origin: Origin, cpus: int, name: str, options: Sequence[str]) -> str:
    """Run an experiment in a new clone, push it to both remotes and return its recorded times.

    Clones are in the folder that `BIRNN_WORKER` names, by default `~/.cache/birnn-worker`, and
    share a DVC cache there. The clone is removed at the end, unless a remote refuses the push.

    Raises:
        TaskError: the environment, a remote or the experiment failed.
    """
    machine = socket.gethostname()
    base = Path(os.environ.get(FOLDER_VARIABLE) or Path.home() / ".cache" / "birnn-worker")
    base.mkdir(parents=True, exist_ok=True)
    clone = Path(tempfile.mkdtemp(prefix=f"{machine}-", dir=base))
    try:
        with cores(cpus, base / f"cores-{machine}"):
            _prepare(origin, clone, base / "cache")
            _run(clone, "dvc", "exp", "run", "--pull", "--name", name, *options)
    except TaskError as error:
        shutil.rmtree(clone, ignore_errors=True)
        raise TaskError(f"on {machine}: {error}") from None
    push = "dvc exp push --force --run-cache origin"
    try:
        _run(clone, *push.split(), name)
    except TaskError as error:
        saved = clone.rename(base / f"kept-{name}-{clone.name}")
        raise TaskError(
            f"on {machine}: {error}; the results are saved on that machine in {saved}: "
            f"once the remotes accept them, run {push} {name} there"
        ) from None
    times = clone / TIMES
    lines = times.read_text(encoding="utf-8") if times.exists() else ""
    shutil.rmtree(clone, ignore_errors=True)
    return lines


def _prepare(origin: Origin, clone: Path, cache: Path) -> None:
    # Installed from the lock file. See also private_apis.
    from dvc.config import Config  # noqa: PLC0415, TID251

    _run(clone, "git", "clone", "--quiet", "--no-checkout", origin.git_remote, ".")
    _run(clone, "git", "checkout", "--quiet", "--detach", origin.commit)
    try:  # nothing is missing or has another version, so that results are comparable
        _run(clone, sys.executable, *CHECK.split(), REQUIREMENTS)
    except TaskError as error:
        raise TaskError(f"{error}: run make cluster there") from None
    with Config(dvc_dir=str(clone / ".dvc")).edit("local") as config:
        config["core"] = {"remote": REMOTE}
        config["remote"] = {REMOTE: origin.dvc_remote}
        config["cache"] = {"dir": str(cache)}


@contextmanager
def cores(number: int, folder: Path) -> Iterator[None]:
    """Bind new processes to cores that no other task uses, since Ray only counts cores.

    Do nothing if the system cannot bind processes to cores, or if fewer than `number` are free.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    import fcntl  # noqa: PLC0415  # only on POSIX

    folder.mkdir(exist_ok=True)
    usable = os.sched_getaffinity(0)
    with ExitStack() as files:
        held = []
        for core in sorted(usable):
            file = files.enter_context((folder / str(core)).open("w"))
            with suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                held.append(core)
            if len(held) == number:
                os.sched_setaffinity(0, held)
                break
        else:
            files.close()  # release the cores: they are too few
        try:
            yield
        finally:
            os.sched_setaffinity(0, usable)


def _run(clone: Path, *command: str) -> None:
    """Run a command in a clone; a `TaskError` has its last error line."""
    process = subprocess.run(
        [*command_prefix(), *command],
        cwd=clone,
        env=environment(clone.parent / "kernels"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    if process.returncode != 0:
        raise TaskError(f"{' '.join(command[:3])} failed: {last_line(process.stdout)}")
