"""Outputs are atomic."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from birnn.core import outputs


def test_folder_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "folder"
    for content in ("old", "new"):
        with outputs.atomic_folder(folder) as temporary:
            (temporary / content).write_text(content)
    assert [file.name for file in folder.iterdir()] == ["new"]
    assert list(folder.parent.iterdir()) == [folder]


def test_failure_keeps_the_old_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    with outputs.atomic_folder(folder) as temporary:
        (temporary / "old").touch()

    def fail() -> None:
        with outputs.atomic_folder(folder) as temporary:
            (temporary / "new").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [file.name for file in folder.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [folder]


def test_failure_keeps_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    outputs.write_json(file, {"old": 1})
    with pytest.raises(TypeError):
        outputs.write_json(file, {"new": object()})
    assert outputs.read_json(file) == {"old": 1}
    assert list(tmp_path.iterdir()) == [file]


def test_failure_leaves_no_partial_file(tmp_path: Path) -> None:
    def fail() -> None:
        with outputs.atomic_file(tmp_path / "file") as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


def record_calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Return a list to which every later sync and rename is appended."""
    calls: list[tuple[str, str]] = []
    sync, replace = outputs._sync, Path.replace  # noqa: SLF001

    def record_sync(path: Path) -> None:
        calls.append(("sync", path.name))
        sync(path)

    def record_rename(path: Path, target: Path) -> Path:
        calls.append(("rename", path.name))
        return replace(path, target)

    monkeypatch.setattr(outputs, "_sync", record_sync)
    monkeypatch.setattr(Path, "replace", record_rename)
    return calls


def test_outputs_are_synced_before_and_after_renaming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # If the power fails, unsynced data is lost, and a rename may survive without its file.
    calls = record_calls(monkeypatch)
    prefix = f".part-{os.getpid()}-"
    outputs.write_json(tmp_path / "file.json", {})
    name = f"{prefix}file.json"
    assert calls == [("sync", name), ("rename", name), ("sync", tmp_path.name)]
    calls.clear()
    with outputs.atomic_folder(tmp_path / "folder") as folder:
        (folder / "a").touch()
        (folder / "b").touch()
    name = f"{prefix}folder"
    assert sorted(calls[:3]) == [("sync", name), ("sync", "a"), ("sync", "b")]
    assert calls[2:] == [("sync", name), ("rename", name), ("sync", tmp_path.name)]


def test_folder_survives_a_failed_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "folder"
    with outputs.atomic_folder(folder) as temporary:
        (temporary / "old").touch()
    replace = Path.replace

    def refuse_new(path: Path, target: Path) -> Path:
        if path.name.endswith("-folder") and "old-" not in path.name:
            raise PermissionError
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse_new)
    with pytest.raises(PermissionError), outputs.atomic_folder(folder) as temporary:
        (temporary / "new").touch()
    assert [file.name for file in folder.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [folder]


def test_only_leftovers_of_dead_processes_are_removed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as ended:
        ended.wait()
    dead, alive = (tmp_path / f".part-{pid}-file.json" for pid in (ended.pid, os.getppid()))
    folder = tmp_path / f".part-{ended.pid}-folder"
    folder.mkdir()
    for file in (dead, alive, folder / "half"):
        file.touch()
    outputs.write_json(tmp_path / "file.json", {})
    with outputs.atomic_folder(tmp_path / "folder"):
        pass
    assert sorted(file.name for file in tmp_path.iterdir()) == [alive.name, "file.json", "folder"]
