"""What a machine of a cluster does: one experiment, from a git and a DVC remote back to both.

Ray sends this module with each task, so it wants the standard library alone until there is a clone.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

FOLDER = "BIRNN_WORKER"
LOCK = Path("requirements-cluster.txt")
REMOTE = "cluster"
# See `kernels`.
LOCATOR = "experiments.kernels.ByContent"


def compiled_in(folder: Path) -> dict[str, str]:
    """Return the variables with which Numba keeps what it compiles in a folder."""
    kept = os.environ.get("NUMBA_CACHE_DIR") or str(folder.absolute())
    return {"NUMBA_CACHE_DIR": kept, "NUMBA_CACHE_LOCATOR_CLASSES": LOCATOR}


def environment(kernels: Path) -> dict[str, str]:
    """Return the variables with which `dvc` finds this Python, and experiments compile once."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return os.environ | compiled_in(kernels) | {"PATH": path}


class TaskError(Exception):
    """An experiment that failed: its message says in one line why, and on which machine."""


@dataclass(frozen=True)
class Task:
    """One experiment.

    Attributes:
        name: as DVC will show it.
        git_remote: address of the git remote.
        commit: that it starts from, which the git remote has.
        dvc_remote: options of the DVC remote, its address `url` among them.
        options: what `dvc exp run` takes, such as `-S train.seed=1`.
        cpus: cores that it may use.
    """

    name: str
    git_remote: str
    commit: str
    dvc_remote: dict[str, str]
    options: tuple[str, ...]
    cpus: int


def carry_out(task: Task) -> None:
    """Run an experiment in a new clone, and push it to both remotes.

    The folder is that of the variable `BIRNN_WORKER`, or one in the user's cache. It has DVC's
    cache, which all tasks share, and a clone a task, until the remotes have the experiment.

    Raises:
        TaskError: the environment is not that of the lock, a remote cannot be reached, or the
            experiment failed. Where a remote refuses what is pushed, the clone stays.
    """
    machine = socket.gethostname()
    base = Path(os.environ.get(FOLDER) or Path.home() / ".cache" / "birnn-worker")
    base.mkdir(parents=True, exist_ok=True)
    remove_what_is_abandoned(base, machine)
    clone = Path(tempfile.mkdtemp(prefix=f"{machine}-{os.getpid()}-", dir=base))
    try:
        with cores(task.cpus, base / f"cores-{machine}"):
            _prepare(task, clone, base / "cache")
            _run(clone, "dvc", "exp", "run", "--pull", "--name", task.name, *task.options)
    except TaskError as error:
        shutil.rmtree(clone, ignore_errors=True)
        raise TaskError(f"on {machine}: {error}") from None
    push = "dvc exp push --force --run-cache origin"
    try:
        _run(clone, *push.split(), task.name)
    except TaskError as error:
        kept = clone.rename(base / f"kept-{task.name}-{clone.name}")
        raise TaskError(
            f"on {machine}: {error}; its results are kept there, in {kept}: "
            f"where the remotes take them, run {push} {task.name} in it"
        ) from None
    shutil.rmtree(clone, ignore_errors=True)


def remove_what_is_abandoned(base: Path, machine: str) -> None:
    """Remove the clones of tasks that were killed on this machine."""
    for clone in base.glob(f"{machine}-*-*"):
        process = clone.name.removeprefix(f"{machine}-").partition("-")[0]
        if process.isdigit() and not _is_alive(int(process)):
            shutil.rmtree(clone, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _prepare(task: Task, clone: Path, cache: Path) -> None:
    """Make a clone at the task's commit, which knows the DVC remote and the machine's cache."""
    # Comes with the lock, as all that is imported below.
    from dvc.config import Config  # noqa: PLC0415

    _run(clone, "git", "clone", "--quiet", "--no-checkout", task.git_remote, ".")
    _run(clone, "git", "checkout", "--quiet", "--detach", task.commit)
    compare_environment(clone / LOCK)
    with Config(dvc_dir=str(clone / ".dvc")).edit("local") as config:
        config["core"] = {"remote": REMOTE}
        config["remote"] = {REMOTE: task.dvc_remote}
        config["cache"] = {"dir": str(cache)}


def compare_environment(lock: Path) -> None:
    """Refuse an environment that is not that of the lock: results would be of other versions.

    Raises:
        TaskError: a package has another version.
    """
    from packaging.requirements import Requirement  # noqa: PLC0415

    for line in re.findall(r"(?m)^[a-z0-9].*?(?= \\$)", lock.read_text(encoding="utf-8")):
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        try:
            installed = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            installed = "missing"
        if not wanted.specifier.contains(installed, prereleases=True):
            raise TaskError(
                f"{wanted.name} is {installed}, where {lock.name} has {wanted.specifier}: "
                "run make cluster there"
            )


@contextmanager
def cores(number: int, folder: Path) -> Iterator[None]:
    """Limit what is started to so many cores that no other task has: Ray counts them, no more.

    Without effect where the system has no such limit, or not that many cores are free.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    import fcntl  # noqa: PLC0415  # POSIX has it

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
            files.close()  # others may have those that are too few
        try:
            yield
        finally:
            os.sched_setaffinity(0, usable)


def _run(clone: Path, *command: str) -> None:
    """Run a command in a clone, which ends with this process.

    Raises:
        TaskError: it failed, with its last line.
    """
    process = subprocess.run(
        command,
        cwd=clone,
        env=environment(clone.parent / "kernels"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
        preexec_fn=_end_with_parent if sys.platform == "linux" else None,
    )
    if process.returncode != 0:
        raise TaskError(f"{' '.join(command[:3])} failed: {last_line(process.stdout)}")


def _end_with_parent() -> None:
    """Have the kernel end this process when Ray's process, that started it, is killed."""
    import ctypes  # noqa: PLC0415

    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)


def last_line(text: str) -> str:
    """Return the last line that says what is wrong: a stage's own, or that of DVC."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for start in ("error: ", "ERROR: ", ""):
        found = [line for line in lines if line.startswith(start)]
        if found:
            return found[-1]
    return "it said nothing"
