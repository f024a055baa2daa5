"""Comparison of files with `dvc.lock`; tests/test_faults.py covers it end to end."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from birnn.core import integrity, paths
from birnn.core.errors import InputError
from birnn.core.yaml_files import write_yaml


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def add_to_cache(cache: Path, content: bytes, suffix: str = "") -> str:
    """Write a file to DVC's cache and return its md5."""
    digest = md5(content)
    file = cache / digest[:2] / f"{digest[2:]}{suffix}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return f"{digest}{suffix}"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the cache of a project in which `use` reads a file and part of a folder."""
    monkeypatch.chdir(tmp_path)
    cache = tmp_path / "cache"
    monkeypatch.setattr(integrity, "cache_folder", lambda: cache)
    Path("folder/deep").mkdir(parents=True)
    contents = {"deep/a": b"1", "z": b"2"}
    for name, content in contents.items():
        Path("folder", name).write_bytes(content)
    Path("file").write_bytes(b"3")
    listing = [
        {"md5": add_to_cache(cache, content), "relpath": name} for name, content in contents.items()
    ]
    folder_md5 = add_to_cache(cache, json.dumps(listing, sort_keys=True).encode(), ".dir")
    outs = [
        {"path": "folder", "md5": folder_md5},
        {"path": "file", "md5": add_to_cache(cache, b"3")},
    ]
    lock: dict[str, Any] = {"stages": {"make": {"outs": outs}}}
    pipeline = {
        "stages": {"use": {"deps": ["code.py", "folder/deep", "file"]}, "make": {"deps": []}}
    }
    for name, content in (("dvc.lock", lock), ("dvc.yaml", pipeline)):
        write_yaml(Path(name), content)
    return cache


@pytest.mark.usefixtures("cache")
def test_intact_inputs_pass() -> None:
    assert integrity.find_damage("use") is None


@pytest.mark.usefixtures("cache")
def test_inputs_pass_without_a_lock_file() -> None:
    Path("dvc.lock").unlink()
    Path("file").unlink()
    assert integrity.find_damage("use") is None


@pytest.mark.usefixtures("cache")
def test_other_files_are_not_checked() -> None:
    Path("file").write_bytes(b"other")
    assert integrity.find_damage("make") is None


@pytest.mark.parametrize(("name", "expected"), [("file", b"3"), ("folder/deep/a", b"1")])
def test_damaged_file_is_named(cache: Path, name: str, expected: bytes) -> None:
    Path(name).write_bytes(b"x")
    damage = f"{name} is damaged: its md5 is {md5(b'x')}, but dvc.lock records {md5(expected)}"
    assert integrity.find_damage("use") == f"{damage}; delete {name}, then run dvc repro"
    cached = cache / md5(expected)[:2] / md5(expected)[2:]
    cached.write_bytes(b"x")
    assert (
        integrity.find_damage("use") == f"{damage}; delete {name} and {cached}, then run dvc repro"
    )
    cached.unlink()
    assert integrity.find_damage("use") == f"{damage}; delete {name}, then run dvc repro"
    Path(name).unlink()
    missing = f"{name} is missing: dvc.lock records {md5(expected)}; run dvc repro"
    assert integrity.find_damage("use") == missing


def test_folder_is_named_if_its_list_is_damaged(cache: Path) -> None:
    Path("folder/z").write_bytes(b"x")
    for listing in cache.rglob("*.dir"):
        listing.write_bytes(b"[]")
    expected = "folder differs from what dvc.lock records; delete folder, then run dvc repro"
    assert integrity.find_damage("use") == expected


LOCK = """
schema: '2.0'
stages:
  evaluate:
    deps:
    - path: models/other.h5
      md5: 7d793037a0760186574b0282f2f435e7
  checklist:
    deps:
    - path: weights.h5
      md5: 7d793037a0760186574b0282f2f435e7
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a lock file and the recorded weights."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dvc.lock").write_text(LOCK)
    (tmp_path / "weights.h5").write_text("world")
    return tmp_path


@pytest.mark.usefixtures("project")
def test_recorded_file_is_verified() -> None:
    integrity.verify([Path("weights.h5")])


def refusal(*files: str) -> str:
    with pytest.raises(InputError) as error:
        integrity.verify([Path(file) for file in files])
    assert "\n" not in str(error.value)
    return str(error.value)


def test_modified_or_missing_file_is_refused(project: Path) -> None:
    (project / "weights.h5").write_text("evil")
    assert refusal("weights.h5").startswith("weights.h5 differs from the last run: its md5")
    (project / "weights.h5").unlink()
    assert refusal("weights.h5") == "weights.h5 is missing: run dvc repro or dvc pull"


def test_unrecorded_file_is_refused(project: Path) -> None:
    (project / "other.h5").write_text("world")
    assert "dvc.lock records none" in refusal("other.h5")
    (project / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    assert "dvc.lock records none" in refusal("weights.h5")
    (project / "dvc.lock").unlink()
    assert refusal("weights.h5").startswith("dvc.lock is missing: run dvc repro")


@pytest.mark.usefixtures("cache")
def test_truncated_lock_is_read_or_named() -> None:
    content = paths.LOCK.read_bytes()
    refused = set()
    # Without .dir, the md5 of a folder looks like the md5 of a file.
    for size in {*range(len(content))} - {content.index(b".dir")}:
        paths.LOCK.write_bytes(content[:size])
        try:
            # The inputs are intact.
            assert integrity.find_damage("use") is None
        except InputError as error:
            refused.add(str(error))
    assert refused == {
        "dvc.lock is damaged: run git checkout dvc.lock, or delete it and run dvc repro"
    }
