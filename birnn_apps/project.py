"""The project that a command works on: found from the current folder, or given."""

import os
from pathlib import Path

from birnn.core.paths import PARAMS, PIPELINE
from birnn.runtime.errors import InputError


class Start:
    """The folder in which the command was run, to which paths on the command line are relative."""

    folder = Path()


def enter(project: Path | None) -> Path:
    """Make the project the current folder: `project`, or the nearest that contains this folder.

    Return the folder that was current before.
    """
    Start.folder = Path.cwd()
    candidates = [project] if project else [Start.folder, *Start.folder.parents]
    for folder in candidates:
        if all((folder / mark).exists() for mark in (PIPELINE, PARAMS)):
            os.chdir(folder)
            return Start.folder
    where = f"{project} is not" if project else f"neither {Start.folder} nor a folder above it is"
    raise InputError(f"{where} a project with {PIPELINE} and {PARAMS}: choose one with --project")


def located(path: Path) -> Path:
    """Return a path of the command line so that it is valid in the project's folder."""
    return path if Path.cwd() == Start.folder else Start.folder / path


def output_file(file: Path, suffix: str) -> Path:
    """Return the path of a file to write, whose name must end in `suffix`; see `located`."""
    if file.suffix.lower() != suffix:
        raise InputError(f"{file} is not an {suffix} file: choose a name that ends in {suffix}")
    return located(file)
