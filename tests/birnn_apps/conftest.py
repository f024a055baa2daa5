"""A project with small networks, in which tests run commands."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from birnn.core.paths import PARAMS, PIPELINE
from birnn_apps import __main__ as main
from birnn_apps.classifier import Classifier
from tests.birnn.predictors import write_project
from tests.birnn_apps.classifiers import network_classifier

Run = Callable[..., str]


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    return network_classifier()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, classifier: Classifier) -> Path:
    """Return a project with small networks. Do not modify it."""
    folder = tmp_path_factory.mktemp("trained")
    write_project(folder, classifier)
    return folder


@pytest.fixture
def birnn(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a command in the trained project, as `invoke` does."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(trained)
    return invoke


@pytest.fixture
def empty_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter a project whose pipeline has not been run, and return its folder."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    for mark in (PIPELINE, PARAMS):
        mark.touch()
    return tmp_path


def invoke(*arguments: object, stdin: bytes = b"", status: int = 0) -> str:
    """Run a command that must exit with this status, and return what it prints."""
    result = CliRunner().invoke(main.app, [*map(str, arguments)], stdin, catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result.output
