"""Fixtures of the tests of experiments."""

from pathlib import Path

import pytest

from tests.birnn.experiments import repository as repositories
from tests.projects import copy_settings


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter a small git repository with a finished run of the default settings."""
    monkeypatch.chdir(tmp_path)
    repositories.create()
    return tmp_path


@pytest.fixture
def settings_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter a folder with the default settings and nothing else."""
    monkeypatch.chdir(tmp_path)
    copy_settings(tmp_path)
    return tmp_path
