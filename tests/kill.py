"""Run a module, and kill its process at a chosen moment when it changes files.

Run `python -m tests.kill MOMENT MODULE [ARGUMENT ...]` in a project's folder. MOMENT is one of

- change-N: before file or folder N is opened for writing, renamed or removed;
- half-N: when half of file N is written;
- FILE: never; the paths of the files at the moments of both kinds are written to FILE.
"""

import atexit
import json
import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC
CHANGES = {"open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate"}


class Killer:
    """An audit hook (PEP 578), which Python calls before it opens, renames or removes a file."""

    def __init__(self, moment: str) -> None:
        kind, _, number = moment.partition("-")
        self.kill_at = (kind, int(number)) if number.isdigit() else None
        self._folder = f"{os.getcwd()}{os.sep}"  # noqa: PTH109  # pathlib would trigger the hook
        self._written: set[str] = set()
        self._half: str | None = None
        self.moments: dict[str, list[str]] = {"change": [], "half": []}

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Count the event, and kill the process at the chosen moment."""
        if event not in CHANGES or not isinstance(arguments[0], str | bytes | Path):
            return
        path = os.path.abspath(os.fsdecode(arguments[0]))  # noqa: PTH100
        if not path.startswith(self._folder) or "__pycache__" in path:
            return
        self._cut()
        if event != "open" or arguments[2] & WRITES:
            self._count("change", path)
        # A file that a library wrote without Python is seen when it is opened to be synced.
        if event == "open" and (arguments[2] & WRITES or ".part-" in path):
            if path not in self._written:
                self._count("half", path)
            self._written.add(path)

    def _count(self, kind: str, path: str) -> None:
        self.moments[kind].append(path)
        if self.kill_at == (kind, len(self.moments[kind])):
            if kind == "change":
                kill()
            self._half = path

    def _cut(self) -> None:
        """Truncate the chosen file to half once it has content, and kill the process."""
        if (path := self._half) and os.path.isfile(path) and os.path.getsize(path):  # noqa: PTH113, PTH202
            self._half = None  # the next line triggers the hook
            os.truncate(path, os.path.getsize(path) // 2)  # noqa: PTH202
            kill()


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    moment, module, *rest = sys.argv[1:]
    killer = Killer(moment)
    if killer.kill_at is None:
        atexit.register(lambda: Path(moment).write_text(json.dumps(killer.moments)))
    sys.addaudithook(killer)
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
