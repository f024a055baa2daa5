"""The one way to run git and DVC."""

import os
import subprocess
import sys

from birnn.runtime.errors import InputError


def run(*command: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    """Run a command of git or DVC, and return its output."""
    # Otherwise git translates its messages.
    variables = os.environ | ({"LC_ALL": "C"} if command[0] == "git" else {})
    result = subprocess.run(arguments(*command), env=variables, check=False, capture_output=True)
    if check and result.returncode != 0:
        reason = last_line(result.stderr.decode("utf-8", "replace"))
        raise InputError(f"{' '.join(command[:3])} failed: {reason}")
    return result


def output(*command: str) -> str:
    """Run a command as `run` does, and return its standard output without spaces around it."""
    return run(*command).stdout.decode().strip()


def arguments(*command: str) -> list[str]:
    """Return the arguments that start a command of git or DVC; DVC is the one of this Python."""
    return [*((sys.executable, "-m") if command[0] == "dvc" else ()), *command]


def last_line(text: str) -> str:
    """Return git's reason and advice, or the last error line of a stage or of DVC, or any line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        if line.startswith("fatal: "):
            return " ".join(lines[number:])
    for prefix in ("error: ", "ERROR: ", ""):
        matches = [line for line in lines if line.startswith(prefix)]
        if matches:
            return matches[-1]
    return "it printed nothing"
