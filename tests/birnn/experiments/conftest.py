"""Fixtures of the tests of experiments."""

from pathlib import Path

import pytest

from tests.birnn.experiments.repository import create
from tests.projects import copy_settings


@pytest.fixture
def settings_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter a folder with the default settings and nothing else."""
    monkeypatch.chdir(tmp_path)
    copy_settings(tmp_path)
    return tmp_path


@pytest.fixture
def repository(settings_only: Path) -> Path:
    """Enter a small git repository with a finished run of the default settings."""
    create()
    return settings_only
