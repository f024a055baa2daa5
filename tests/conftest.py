"""Options and fixtures shared by all tests. Each pipeline is built once per test run."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import hypothesis
import pytest
from filelock import FileLock
from playwright.sync_api import Browser, sync_playwright

from tests import warm_start
from tests.browser import launch
from tests.projects import SMALL, WARM_START, Build, check_output, commit, copy, new_clone, recipe

# A slow example on a busy machine is not a failure. In CI, examples are the same in every run.
hypothesis.settings.register_profile("unhurried", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("unhurried")

SERVER = pytest.StashKey[subprocess.Popen[bytes]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-hashes", action="store_true", help="rewrite tests/golden")


def pytest_configure(config: pytest.Config) -> None:
    """Compile the kernel once for all clones, and on Linux start the server of tests.warm_start."""
    if hasattr(config, "workerinput"):
        return  # a pytest-xdist worker inherits the environment of the main process
    with suppress(ModuleNotFoundError):  # in a copy without `birnn_lab`, clones compile it again
        launcher = import_module("birnn_lab.launcher")
        os.environ.update(launcher.compiled_in(Path(config.cache.mkdir("kernels"))))  # type: ignore[union-attr]
    if sys.platform == "linux" and "not slow" not in config.option.markexpr:
        folder = tempfile.TemporaryDirectory(prefix="birnn-")
        server = warm_start.start(Path(folder.name))
        os.environ[WARM_START] = folder.name
        config.stash[SERVER] = server
        for undo in (folder.cleanup, server.wait, server.kill, server.stdin.close):
            config.add_cleanup(undo)  # run in reverse order


@pytest.hookimpl(trylast=True)  # when the tests of other tiers are deselected
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow tests in the middle, so that no worker is left with a long one at the end.

    Tests that run the pipeline anew take longer than tests that modify its results. While one of
    two workers builds the results, the other one begins with fast tests, which need none.
    """
    slow = [item for item in items if item.get_closest_marker("slow")]
    fast = [item for item in items if not item.get_closest_marker("slow")]
    fixtures = ("clone", "finished_copy")
    slow.sort(key=lambda item: [name not in getattr(item, "fixturenames", ()) for name in fixtures])
    half = len(items) // 2
    items[:] = [*fast[:half], *slow, *fast[half:]]


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the log of a dead server."""
    server = config.stash.get(SERVER, None)
    if server and server.poll() is not None:
        terminalreporter.write(Path(os.environ[WARM_START], "log").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Build], Path]:
    """Return a function that builds a project once for all workers. Do not modify the project."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def build_once(name: str, build: Build) -> Path:
        project = folder / name / "project"
        complete = folder / name / "complete"
        with FileLock(folder / f"{name}.lock"):
            if not complete.exists():
                shutil.rmtree(project, ignore_errors=True)
                build(project)
                complete.touch()
        return project

    return build_once


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Open any Chromium without a window; skip the test without one."""
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a clone of the project with small settings, in which no stage has run."""
    return new_clone(tmp_path / "clone", SMALL)


@pytest.fixture(scope="session")
def finished(shared: Callable[[str, Build], Path]) -> Path:
    """Return a clone in which the whole pipeline has run and is committed. Do not modify it."""

    def build(folder: Path) -> None:
        new_clone(folder, SMALL)
        check_output(folder, "dvc", "repro")
        commit(folder)

    return shared("finished", build)


@pytest.fixture
def finished_copy(finished: Path, tmp_path: Path) -> Path:
    """Return a copy of the finished clone and its cache, which tests may modify."""
    return copy(finished, tmp_path / "copy")


@pytest.fixture(scope="session")
def recipes(shared: Callable[[str, Build], Path]) -> Path:
    """Return a clone with `recipe()`, in a folder with any characters. Do not modify it."""
    name = "my films – Фильмы é [1]"
    return shared(name, lambda folder: check_output(new_clone(folder, recipe()), "dvc", "repro"))


@pytest.fixture(scope="session")
def imdb(shared: Callable[[str, Build], Path]) -> Path:
    """Return a clone in which the pipeline has run on IMDB for two epochs. Do not modify it."""
    if "IMDB_ARCHIVE" not in os.environ:
        pytest.skip("IMDB_ARCHIVE is not set")
    archive = str(Path(os.environ["IMDB_ARCHIVE"]).resolve())

    def build(folder: Path) -> None:
        new_clone(folder, {"train.epochs": "2"})
        check_output(folder, "dvc", "repro", IMDB_ARCHIVE=archive)

    return shared("imdb", build)
