"""Fixtures of the tests of experiments."""

import contextlib
import shutil
from pathlib import Path

import pytest

from birnn_lab.studies import writing
from tests.birnn_lab.repository import create, fake_dvc
from tests.projects import copy_settings


@pytest.fixture(autouse=True)
def _no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write studies without their figures, which take most of the time."""
    monkeypatch.setattr(writing, "draw", lambda *_: None)


@pytest.fixture
def settings_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter a folder with the default settings and nothing else."""
    monkeypatch.chdir(tmp_path)
    copy_settings(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small git repository with a run of the default settings."""
    folder = tmp_path_factory.mktemp("original")
    copy_settings(folder)
    with contextlib.chdir(folder):
        create()
    return folder


@pytest.fixture
def repository(original: Path, settings_only: Path) -> Path:
    """Enter a copy of the repository, in which `dvc` only lists experiments."""
    shutil.copytree(original, settings_only, dirs_exist_ok=True)
    fake_dvc()
    return settings_only
