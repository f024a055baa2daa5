"""Start commands that run stages, such that they end with this process and share compiled code."""

import os
import sys
from pathlib import Path

KERNELS = Path(".dvc/tmp/kernels")  # in the project's folder
LOCATOR = "birnn_lab.numba_cache.ByContent"

# The program that `command_prefix` starts. Its arguments are the parent process and the command.
LAUNCHER = """
import ctypes, os, signal, sys
parent, *command = sys.argv[1:]
set_parent_death_signal = 1
ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)
signal.signal(signal.SIGINT, signal.SIG_DFL)
if os.getppid() == int(parent):  # otherwise it has died already
    os.execvp(command[0], command)
"""


def compiled_in(folder: Path) -> dict[str, str]:
    """Return variables with which Numba caches compiled code in a folder."""
    cache = os.environ.get("NUMBA_CACHE_DIR") or str(folder.absolute())
    return {"NUMBA_CACHE_DIR": cache, "NUMBA_CACHE_LOCATOR_CLASSES": LOCATOR}


def environment(kernels: Path = KERNELS) -> dict[str, str]:
    """Return variables with which `dvc` finds this Python and experiments share compiled code."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return os.environ | compiled_in(kernels) | {"PATH": path}


def command_prefix() -> list[str]:
    """Return the start of a command that ends, on Linux, when this thread or its process is killed.

    The command also ends on interrupts, which `nohup` may ignore. Unlike a `preexec_fn`, which may
    deadlock if this process has threads, this runs in a process of its own.
    """
    if sys.platform != "linux":
        return []
    return [sys.executable, "-I", "-S", "-c", LAUNCHER, str(os.getpid())]
