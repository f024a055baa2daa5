"""The tiers of tests, and what tests share: one finished pipeline a run for each settings."""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
from filelock import FileLock

from experiments.worker import compiled_in
from tests import warm_start
from tests.projects import SMALL, WARM_START, commit, copy, done, new_clone, repro

# A busy machine is no failure.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")

STARTED = pytest.StashKey[float]()

Make = Callable[[Path], object]
"""Makes a project in a folder."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what the Makefile says of a tier, and what a long run changes."""
    parser.addoption("--kills", type=int, default=1, help="random kills of each stage")
    parser.addoption("--budget", type=int, help="seconds that the run may take on two cores")


def pytest_configure(config: pytest.Config) -> None:
    """Compile once for all clones, as experiments do, and start programs at once on Linux."""
    if hasattr(config, "workerinput"):
        return  # a worker of pytest-xdist has the environment of the process that started it
    config.stash[STARTED] = time.monotonic()
    os.environ.update(compiled_in(Path(config.cache.mkdir("kernels"))))  # type: ignore[union-attr]
    if sys.platform == "linux" and "not slow" not in config.option.markexpr:
        folder = tempfile.TemporaryDirectory(prefix="birnn-")
        server = warm_start.start(Path(folder.name))
        os.environ[WARM_START] = folder.name
        for undo in (folder.cleanup, server.wait, server.stdin.close):  # the last one first
            config.add_cleanup(undo)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how long the run took, beside its budget."""
    if budget := config.getoption("--budget"):
        seconds = time.monotonic() - config.stash[STARTED]
        terminalreporter.write_sep("-", f"{seconds:.0f} s of a budget of {budget} s on two cores")


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int:
    """Return how often each stage is to be killed at random."""
    return int(request.config.getoption("--kills"))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Make], Path]:
    """Return a function that makes a project once for all workers of a run, not to be changed."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def once(name: str, make: Make) -> Path:
        project = folder / name / "project"
        whole = folder / name / "whole"
        with FileLock(folder / f"{name}.lock"):
            if not whole.exists():
                make(project)
                whole.touch()
        return project

    return once


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of the project with small settings, in which nothing has run."""
    return new_clone(tmp_path / "clone", SMALL)


@pytest.fixture(scope="session")
def finished(shared: Callable[[str, Make], Path]) -> Path:
    """A clone in which the whole pipeline has run and is committed; not to be changed."""

    def make(folder: Path) -> None:
        new_clone(folder, SMALL)
        repro(folder)
        commit(folder)

    return shared("finished", make)


@pytest.fixture
def finished_copy(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished clone, cache included, to be changed at will."""
    return copy(finished, tmp_path / "copy")


@pytest.fixture(scope="session")
def imdb(shared: Callable[[str, Make], Path]) -> Path:
    """A clone in which the pipeline has trained for two epochs on IMDB; not to be changed."""

    def make(folder: Path) -> None:
        new_clone(folder, {"train.epochs": "2"})
        done(folder, "dvc", "repro", IMDB_ARCHIVE=os.environ["IMDB_ARCHIVE"])

    if "IMDB_ARCHIVE" not in os.environ:
        pytest.skip("IMDB_ARCHIVE names no archive")
    return shared("imdb", make)
