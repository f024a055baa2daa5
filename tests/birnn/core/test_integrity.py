"""What a stage reads, compared with what DVC recorded; end to end, the tests of faults do it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from birnn.core import integrity


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def in_cache(cache: Path, content: bytes, ending: str = "") -> str:
    """Write a file as DVC's cache holds it, and return its md5."""
    digest = md5(content)
    file = cache / digest[:2] / f"{digest[2:]}{ending}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return f"{digest}{ending}"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the cache of a folder in which `use` reads a file, and a part of a folder."""
    monkeypatch.chdir(tmp_path)
    cache = tmp_path / "cache"
    monkeypatch.setattr(integrity, "_cache", lambda: cache)
    Path("folder/deep").mkdir(parents=True)
    contents = {"deep/a": b"1", "z": b"2"}
    for name, content in contents.items():
        Path("folder", name).write_bytes(content)
    Path("file").write_bytes(b"3")
    listing = [
        {"md5": in_cache(cache, content), "relpath": name} for name, content in contents.items()
    ]
    of_folder = in_cache(cache, json.dumps(listing, sort_keys=True).encode(), ".dir")
    outs = [{"path": "folder", "md5": of_folder}, {"path": "file", "md5": in_cache(cache, b"3")}]
    lock: dict[str, Any] = {"stages": {"make": {"outs": outs}}}
    pipeline = {
        "stages": {"use": {"deps": ["code.py", "folder/deep", "file"]}, "make": {"deps": []}}
    }
    for name, content in (("dvc.lock", lock), ("dvc.yaml", pipeline)):
        YAML(typ="safe").dump(content, Path(name))
    return cache


@pytest.mark.usefixtures("cache")
def test_what_is_as_recorded_passes() -> None:
    assert integrity.damage("use") is None


@pytest.mark.usefixtures("cache")
def test_without_a_lock_nothing_is_recorded() -> None:
    Path("dvc.lock").unlink()
    Path("file").unlink()
    assert integrity.damage("use") is None


@pytest.mark.usefixtures("cache")
def test_what_a_stage_does_not_read_is_not_looked_at() -> None:
    Path("file").write_bytes(b"other")
    assert integrity.damage("make") is None


@pytest.mark.parametrize(("name", "expected"), [("file", b"3"), ("folder/deep/a", b"1")])
def test_a_file_that_is_damaged_is_named(cache: Path, name: str, expected: bytes) -> None:
    Path(name).write_bytes(b"x")
    said = f"{name} is damaged: its md5 is {md5(b'x')}, and dvc.lock records {md5(expected)}"
    assert integrity.damage("use") == f"{said}; delete {name}, then run dvc repro"
    cached = cache / md5(expected)[:2] / md5(expected)[2:]
    cached.write_bytes(b"x")
    assert integrity.damage("use") == f"{said}; delete {name} and {cached}, then run dvc repro"
    cached.unlink()
    assert integrity.damage("use") == f"{said}; delete {name}, then run dvc repro"
    Path(name).unlink()
    missing = f"{name} is missing: dvc.lock records {md5(expected)}; run dvc repro"
    assert integrity.damage("use") == missing


def test_a_folder_whose_list_is_lost_is_named_whole(cache: Path) -> None:
    Path("folder/z").write_bytes(b"x")
    for listing in cache.rglob("*.dir"):
        listing.write_bytes(b"[]")
    expected = "folder is not what dvc.lock records; delete folder, then run dvc repro"
    assert integrity.damage("use") == expected
