"""Options and fixtures that all tests share. Each pipeline is built once per run."""

import os
import shutil
import subprocess
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
from tests.projects import SMALL, WARM_START, Build, check_output, commit, copy, new_clone, repro

# A busy machine is no failure.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")

STARTED = pytest.StashKey[float]()
SERVER = pytest.StashKey[subprocess.Popen[bytes]]()


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
        config.stash[SERVER] = server
        for undo in (folder.cleanup, server.wait, server.kill, server.stdin.close):
            config.add_cleanup(undo)  # the last one is first


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how long the run took, beside its budget, and whether programs could be started."""
    server = config.stash.get(SERVER, None)
    if server and server.poll() is not None:
        terminalreporter.write(Path(os.environ[WARM_START], "log").read_text(encoding="utf-8"))
    if budget := config.getoption("--budget"):
        seconds = time.monotonic() - config.stash[STARTED]
        terminalreporter.write_sep("-", f"{seconds:.0f} s of a budget of {budget} s on two cores")


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int:
    """Return how often each stage is to be killed at random."""
    return int(request.config.getoption("--kills"))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Build], Path]:
    """Return a function that builds a project once per run, for all workers. Do not change it."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def once(name: str, build: Build) -> Path:
        project = folder / name / "project"
        complete = folder / name / "complete"
        with FileLock(folder / f"{name}.lock"):
            if not complete.exists():
                shutil.rmtree(project, ignore_errors=True)
                build(project)
                complete.touch()
        return project

    return once


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of the project with small settings, in which nothing has run."""
    return new_clone(tmp_path / "clone", SMALL)


@pytest.fixture(scope="session")
def finished(shared: Callable[[str, Build], Path]) -> Path:
    """A clone in which the whole pipeline has run and is committed; not to be changed."""

    def build(folder: Path) -> None:
        new_clone(folder, SMALL)
        repro(folder)
        commit(folder)

    return shared("finished", build)


@pytest.fixture
def finished_copy(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished clone, cache included, to be changed at will."""
    return copy(finished, tmp_path / "copy")


@pytest.fixture(scope="session")
def imdb(shared: Callable[[str, Build], Path]) -> Path:
    """A clone in which the pipeline has trained for two epochs on IMDB; not to be changed."""

    def build(folder: Path) -> None:
        new_clone(folder, {"train.epochs": "2"})
        check_output(
            folder, "dvc", "repro", IMDB_ARCHIVE=str(Path(os.environ["IMDB_ARCHIVE"]).resolve())
        )

    if "IMDB_ARCHIVE" not in os.environ:
        pytest.skip("IMDB_ARCHIVE names no archive")
    return shared("imdb", build)
