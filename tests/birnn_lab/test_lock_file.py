"""The reader of `dvc.lock`, and errors of damaged files in git."""

import re
from pathlib import Path

import pytest

from birnn.core.settings import declared_sections, read_pipeline
from birnn_lab.files_in_git import write_yaml
from birnn_lab.lock_file import read_lock
from tests.projects import refusal

STAGE = "stages:\n  use:\n    "


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_lock_has_full_names_of_settings() -> None:
    params = {"params.yaml": {"train": {"seed": 0}, "pad.maxlen": 5}, "empty.yaml": None}
    deps = [{"path": "file", "md5": "0", "size": 1}]
    write_yaml(Path("dvc.lock"), {"stages": {"use": {"deps": deps, "params": params}}})
    use = read_lock()["stages"]["use"]
    full_names = {"train.seed": 0, "pad.maxlen": 5}
    assert use["params"] == {"params.yaml": full_names, "empty.yaml": {}}
    assert (use["deps"], use["outs"]) == ([{"path": "file", "md5": "0"}], [])


def test_stages_declare_sections() -> None:
    params = ["train", "bilstm", "pad.maxlen", {"params.yaml": None}]
    write_yaml(Path("dvc.yaml"), {"stages": {"use": {"params": params}, "make": {}}})
    assert declared_sections() == ["bilstm", "pad", "train"]


def test_damaged_files_are_named() -> None:
    for text in ("", "a", "[]", "stages:", f"{STAGE}a", f"{STAGE}deps: [a]"):
        Path("dvc.lock").write_text(text)
        assert refusal(read_lock) == "dvc.lock is damaged: run git checkout -- dvc.lock"
    for text in ("", "a", "[]", "stages:", f"{STAGE}a"):
        Path("dvc.yaml").write_text(text)
        assert refusal(read_pipeline) == "dvc.yaml is damaged: run git checkout -- dvc.yaml"
    conflict = "<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> main\n"
    Path("dvc.lock").write_text(f"schema: 2\n{conflict}")
    expected = "dvc.lock has a merge conflict: .* run git checkout HEAD -- dvc.lock .* && make"
    assert re.match(expected, refusal(read_lock))
