"""The one way to start git and DVC.

The tasks of a Ray cluster use it without the rest of this project (see `worker`).
"""

import os
import subprocess
import sys
from pathlib import Path

from birnn.core.errors import InputError

KERNELS = Path(".dvc/tmp/kernels")  # in the project's folder
# Defined in `birnn.experiments.kernels`.
LOCATOR = "birnn.experiments.kernels.ByContent"

# The program of `launcher`. Its arguments are the parent process and the command.
LAUNCHER = """
import ctypes, os, signal, sys
parent, *command = sys.argv[1:]
set_parent_death_signal = 1
ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)
signal.signal(signal.SIGINT, signal.SIG_DFL)
if os.getppid() == int(parent):  # otherwise it has died already
    os.execvp(command[0], command)
"""


def run(
    *command: str, stdin: bytes | None = None, check: bool = True
) -> subprocess.CompletedProcess[bytes]:
    """Run a command of git or DVC, and return its output.

    Raises:
        InputError: the command failed; the message ends with its last error line. Without `check`,
            look at the `returncode` instead.
    """
    result = subprocess.run(_arguments(command), input=stdin, check=False, capture_output=True)
    if check and result.returncode != 0:
        reason = last_line(result.stderr.decode("utf-8", "replace"))
        raise InputError(f"{' '.join(command[:3])} failed: {reason}")
    return result


def output(*command: str) -> str:
    """Run a command as `run` does, and return its standard output without spaces around it."""
    return run(*command).stdout.decode().strip()


def start(*command: str) -> subprocess.Popen[bytes]:
    """Start a command that runs stages, in its own process group; it ends if this process dies."""
    arguments = [*launcher(), *_arguments(command)]
    return subprocess.Popen(arguments, env=environment(), process_group=0)


def _arguments(command: tuple[str, ...]) -> list[str]:
    """Return the arguments that start a command; DVC is the one of this Python."""
    return [*((sys.executable, "-m") if command[0] == "dvc" else ()), *command]


def compiled_in(folder: Path) -> dict[str, str]:
    """Return variables with which Numba caches compiled code in a folder."""
    cache = os.environ.get("NUMBA_CACHE_DIR") or str(folder.absolute())
    return {"NUMBA_CACHE_DIR": cache, "NUMBA_CACHE_LOCATOR_CLASSES": LOCATOR}


def environment(kernels: Path = KERNELS) -> dict[str, str]:
    """Return variables with which `dvc` finds this Python and experiments share compiled code."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return os.environ | compiled_in(kernels) | {"PATH": path}


def launcher() -> list[str]:
    """Return the start of a command that ends, on Linux, when this thread or its process is killed.

    The command also ends on interrupts, which `nohup` may ignore. Unlike a `preexec_fn`, which may
    deadlock if this process has threads, this runs in a process of its own.
    """
    if sys.platform != "linux":
        return []
    return [sys.executable, "-I", "-S", "-c", LAUNCHER, str(os.getpid())]


def last_line(text: str) -> str:
    """Return the last error line of a stage, else of DVC, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for prefix in ("error: ", "ERROR: ", ""):
        matches = [line for line in lines if line.startswith(prefix)]
        if matches:
            return matches[-1]
    return "it printed nothing"
