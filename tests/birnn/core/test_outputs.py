"""Outputs are atomic."""

import contextlib
import os
from pathlib import Path

import pytest

from birnn.core import outputs


def names(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*"))


def test_file_is_replaced_only_if_the_block_succeeds(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "folder" / "file.json"
    for content in ("first", "old"):
        outputs.write_json(file, {content: 1})
    assert file.read_text() == '{\n  "old": 1\n}\n'
    with pytest.raises(TypeError):
        outputs.write_json(file, {"new": object()})
    with contextlib.suppress(KeyboardInterrupt), outputs.atomic_file(file) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert outputs.read_json(file) == {"old": 1}
    assert names(file.parent) == ["file.json"]


def test_folder_is_replaced_only_if_the_block_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "deep" / "folder"
    for content in ("first", "old"):
        with outputs.atomic_folder(folder) as temporary:
            (temporary / content).touch()
    expected = ["folder", "folder/old"]
    assert names(folder.parent) == expected
    with contextlib.suppress(KeyboardInterrupt), outputs.atomic_folder(folder) as temporary:
        (temporary / "new").touch()
        raise KeyboardInterrupt
    assert names(folder.parent) == expected
    replace = Path.replace

    def refuse_new(path: Path, target: Path) -> Path:
        if path.name.endswith("-folder") and "old-" not in path.name:
            raise PermissionError
        return replace(path, target)

    # As on Windows while another program has a file open; on Linux nothing prevents it.
    monkeypatch.setattr(Path, "replace", refuse_new)
    with pytest.raises(OSError, match=folder.name), outputs.atomic_folder(folder) as temporary:
        (temporary / "new").touch()
    assert names(folder.parent) == expected


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot sync folders")
def test_files_and_folders_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Only a power failure would show what was not synced.
    synced = set()
    monkeypatch.setattr(os, "fsync", lambda file: synced.add(os.fstat(file).st_ino))
    outputs.write_json(tmp_path / "file.json", {})
    assert synced == {path.stat().st_ino for path in (tmp_path, tmp_path / "file.json")}
    with outputs.atomic_folder(tmp_path / "folder") as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "a").touch()
    assert synced == {path.stat().st_ino for path in (tmp_path, *tmp_path.rglob("*"))}


def test_folder_is_restored_after_a_kill_between_two_renames(tmp_path: Path) -> None:
    (tmp_path / ".part-old-folder").mkdir()
    (tmp_path / ".part-old-folder" / "old").touch()
    (tmp_path / ".part-folder").mkdir()
    with contextlib.suppress(KeyboardInterrupt), outputs.atomic_folder(tmp_path / "folder"):
        raise KeyboardInterrupt
    assert names(tmp_path) == ["folder", "folder/old"]


def test_leftovers_of_killed_processes_are_replaced(tmp_path: Path) -> None:
    (tmp_path / ".part-file.json").write_text("half, and longer")
    for name in (".part-folder", ".part-old-folder"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").touch()
    outputs.write_json(tmp_path / "file.json", {})
    with outputs.atomic_folder(tmp_path / "folder"):
        pass
    assert (tmp_path / "file.json").read_text() == "{}\n"
    assert names(tmp_path) == ["file.json", "folder"]
