"""Outputs are whole or absent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from birnn.core import outputs


def test_a_folder_takes_its_place_when_whole(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "folder"
    for content in ("old", "new"):
        with outputs.atomic_folder(folder) as part:
            (part / content).write_text(content)
    assert [file.name for file in folder.iterdir()] == ["new"]
    assert list(folder.parent.iterdir()) == [folder]


def test_a_failure_leaves_the_old_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    with outputs.atomic_folder(folder) as part:
        (part / "old").touch()

    def fail() -> None:
        with outputs.atomic_folder(folder) as part:
            (part / "new").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [file.name for file in folder.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [folder]


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    outputs.write_json(file, {"old": 1})
    with pytest.raises(TypeError):
        outputs.write_json(file, {"new": object()})
    assert outputs.read_json(file) == {"old": 1}
    assert list(tmp_path.iterdir()) == [file]


def test_a_failure_leaves_no_half_of_a_file(tmp_path: Path) -> None:
    def fail() -> None:
        with outputs.atomic_file(tmp_path / "file") as part:
            part.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


def recorded_calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Return what is synced and what is renamed, in order, as it happens."""
    calls: list[tuple[str, str]] = []
    sync, replace = outputs._sync, Path.replace  # noqa: SLF001

    def synced(path: Path) -> None:
        calls.append(("sync", path.name))
        sync(path)

    def replaced(path: Path, target: Path) -> Path:
        calls.append(("rename", path.name))
        return replace(path, target)

    monkeypatch.setattr(outputs, "_sync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    return calls


def test_what_is_renamed_is_on_the_disk_before_and_its_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # When the power fails, what was not synced is gone, and a rename may be kept without its file.
    calls = recorded_calls(monkeypatch)
    part = f".part-{os.getpid()}-"
    outputs.write_json(tmp_path / "file.json", {})
    name = f"{part}file.json"
    assert calls == [("sync", name), ("rename", name), ("sync", tmp_path.name)]
    calls.clear()
    with outputs.atomic_folder(tmp_path / "folder") as folder:
        (folder / "a").touch()
        (folder / "b").touch()
    name = f"{part}folder"
    assert sorted(calls[:3]) == [("sync", name), ("sync", "a"), ("sync", "b")]
    assert calls[2:] == [("sync", name), ("rename", name), ("sync", tmp_path.name)]


def test_a_folder_that_cannot_be_replaced_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    with outputs.atomic_folder(folder) as part:
        (part / "old").touch()
    replace = Path.replace

    def refuse_new(path: Path, target: Path) -> Path:
        if path.name.endswith("-folder") and "old-" not in path.name:
            raise PermissionError
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse_new)
    with pytest.raises(PermissionError), outputs.atomic_folder(folder) as part:
        (part / "new").touch()
    assert [file.name for file in folder.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [folder]


def test_what_killed_processes_left_is_removed_and_what_others_write_is_not(
    tmp_path: Path,
) -> None:
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
