"""Errors that users can fix."""

import re
from pathlib import Path

CONFLICT = re.compile(rb"^<{7} ", re.MULTILINE)
RESULTS = ("dvc.lock", "metrics", "plots", "report")  # written by the pipeline, in git
# Shown in one line; CONTRIBUTING.md explains it.
TAKE_ONE_SIDE = (
    f"resolve the others, then run git checkout HEAD -- {' '.join(RESULTS)} && make repro (see "
    '"If two branches change dvc.lock" in CONTRIBUTING.md)'
)


class InputError(Exception):
    """An error in the settings, the input data or the command, described in one line.

    The line says what is wrong, where, and how to fix it. Docstrings list only other exceptions.
    """


def refuse_conflict(file: Path) -> None:
    """Check that a file has no conflict that git left there when it merged two branches."""
    if CONFLICT.search(file.read_bytes()):
        advice = TAKE_ONE_SIDE if file.parts[0] in RESULTS else "resolve it"
        raise InputError(f"{file} has a merge conflict: {advice}")


def damaged(file: Path) -> InputError:
    """Return the error of a file in git that cannot be read, perhaps due to a merge conflict."""
    refuse_conflict(file)
    return InputError(f"{file} is damaged: run git checkout -- {file}")
