"""The project that the benchmarks measure: its inputs, copies of it, and errors in one line."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from benchmarks.paired import run_command
from birnn.core.paths import RAW
from birnn.runtime.errors import InputError
from birnn.sources import imdb
from birnn.sources.download import UnreachableError
from birnn_lab import grid
from birnn_lab.files_in_git import write_yaml
from birnn_lab.launcher import environment

PROJECT = Path.cwd()


def run(main: Callable[..., None]) -> None:
    """Run the `main` of a benchmark with its options; print an error as one line."""
    try:
        typer.run(main)
    except (InputError, OSError) as error:
        sys.exit(f"error: {error}")


def use_archive() -> Path:
    """Return the IMDB archive, downloaded if missing, and let stages in any folder read it."""
    try:
        archive = imdb.locate(PROJECT / RAW).resolve()
    except UnreachableError as error:
        raise InputError(f"{error}: set {imdb.LOCAL_COPY} to a copy of the archive") from error
    os.environ[imdb.LOCAL_COPY] = str(archive)
    return archive


def require(path: Path) -> None:
    """Check that an output of the pipeline exists."""
    if not path.exists():
        raise InputError(f"{path} is missing: run dvc repro first")


def variables() -> dict[str, str]:
    """Return variables with which Python imports this project's modules in any folder."""
    return os.environ | {"PYTHONPATH": str(PROJECT)}


@contextmanager
def stage_folder(settings: dict[str, Any]) -> Iterator[Path]:
    """Yield a folder in which the stages can run, with the variables of `variables`.

    `settings`, by full name, replace settings of the project.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_yaml(folder / "params.yaml", grid.point(settings).params)
        for name in ("stages", "dvc.yaml"):
            (folder / name).symlink_to(PROJECT / name)
        (folder / "study").mkdir()
        yield folder


def clone(source: Path, folder: Path, *options: str) -> None:
    """Clone a repository with git."""
    command = ["git", "clone", "--quiet", *options, str(source), str(folder)]
    run_command(command, PROJECT, dict(os.environ))


def clone_with_results(source: Path, folder: Path) -> Path:
    """Clone a repository, with the results of its last commit from the project's cache."""
    clone(source, folder)
    run_dvc(folder, "config", "--local", "cache.dir", str(PROJECT / ".dvc" / "cache"))
    advice = "run dvc repro, and commit dvc.lock and the results in git"
    try:
        run_dvc(folder, "checkout")
    except InputError as error:
        raise InputError(f"the results of the last commit are missing: {advice}") from error
    if "Running stage" in run_dvc(folder, "repro", "--dry"):
        raise InputError(f"the results of the last commit are stale: {advice}")
    return folder


def run_dvc(folder: Path, *arguments: str) -> str:
    """Run DVC in a folder, and return what it prints (see `paired.run_command`)."""
    return run_command([sys.executable, "-m", "dvc", *arguments], folder, environment())
