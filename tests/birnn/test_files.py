"""Outputs are whole or absent."""

from pathlib import Path

import pytest

from birnn import files


def test_a_folder_takes_its_place_when_whole(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "folder"
    for content in ("old", "new"):
        with files.whole_folder(folder) as part:
            (part / content).write_text(content)
    assert [file.name for file in folder.iterdir()] == ["new"]
    assert list(folder.parent.iterdir()) == [folder]


def test_a_failure_leaves_the_old_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    with files.whole_folder(folder) as part:
        (part / "old").touch()

    def fail() -> None:
        with files.whole_folder(folder) as part:
            (part / "new").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [file.name for file in folder.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [folder]


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    files.write_json(file, {"old": 1})
    with pytest.raises(TypeError):
        files.write_json(file, {"new": object()})
    assert files.read_json(file) == {"old": 1}
    assert list(tmp_path.iterdir()) == [file]
