"""Comparison of files with `dvc.lock`; tests/test_faults.py covers it end to end."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from birnn.core import integrity
from birnn.core.yaml_files import write_yaml
from tests.projects import refusal

STAGE = "stages:\n  use:\n    "


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


ONE, TWO, THREE = map(md5, "123")


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create a project in which `use` reads a file and part of a folder that `make` wrote."""
    monkeypatch.chdir(tmp_path)
    for name, content in {"folder/deep/a": "1", "folder/z": "2", "file": "3"}.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(content)
    listing = [{"md5": ONE, "relpath": "deep/a"}, {"md5": TWO, "relpath": "z"}]
    folder_md5 = md5(json.dumps(listing)) + ".dir"
    Path("folder/.DS_Store").touch()
    outs = [{"path": "folder", "md5": folder_md5}, {"path": "file", "md5": THREE}]
    deps = [{"path": "file", "md5": THREE, "size": 1}]
    params = {"params.yaml": {"train": {"seed": 0}, "pad.maxlen": 5}, "empty.yaml": None}
    stages = {"make": {"outs": outs}, "use": {"deps": deps, "params": params}}
    write_yaml(Path("dvc.lock"), {"stages": stages})
    deps_of_use = {"deps": ["code.py", "folder/deep", "file"]}
    write_yaml(Path("dvc.yaml"), {"stages": {"use": deps_of_use, "make": {"deps": ["code.py"]}}})


def test_lock_has_full_names_of_settings() -> None:
    use = integrity.read_lock()["stages"]["use"]
    params = {"train.seed": 0, "pad.maxlen": 5}
    assert use["params"] == {"params.yaml": params, "empty.yaml": {}}
    assert (use["deps"], use["outs"]) == ([{"path": "file", "md5": THREE}], [])


def test_stages_declare_the_sections_of_networks() -> None:
    params = ["train", "bilstm", "pad.maxlen", {"params.yaml": None}]
    write_yaml(Path("dvc.yaml"), {"stages": {"use": {"params": params}, "make": {}}})
    assert integrity.declared_sections() == ["bilstm", "train"]


def test_only_inputs_that_other_stages_wrote_are_compared() -> None:
    assert integrity.find_damage("use") is None
    Path("file").write_text("x")
    assert integrity.find_damage("make") is None
    assert integrity.find_damage("new") is None
    Path("dvc.lock").unlink()
    assert integrity.find_damage("use") is None


def test_differing_input_is_named_with_the_command_that_repairs_it() -> None:
    assert integrity.find_damage("use") is None
    for name, output in (("file", "file"), ("folder/deep/a", "folder")):
        content = Path(name).read_text()
        expected = f"{output} differs from dvc.lock: run rm -rf {output} && dvc repro"
        Path(name).write_text("x")
        assert integrity.find_damage("use") == expected
        Path(name).unlink()
        assert integrity.find_damage("use") == expected
        Path(name).write_text(content)


def test_files_that_changed_since_the_last_run_are_refused() -> None:
    integrity.verify([Path("file")])
    advice = "run dvc repro, dvc checkout or dvc pull"
    for name in ("file", "other"):
        Path(name).write_text("x")
        expected = f"{name} differs from the last run: {advice}"
        assert refusal(integrity.verify, [Path(name)]) == expected
    Path("file").unlink()
    assert refusal(integrity.verify, [Path("file")]) == f"file is missing: {advice}"
    Path("dvc.lock").unlink()
    expected = "dvc.lock is missing: run dvc repro in the project folder"
    assert refusal(integrity.verify, [Path("other")]) == expected


def test_damaged_pipeline_and_lock_are_named() -> None:
    for text in ("", "a", "[]", "stages:", f"{STAGE}a", f"{STAGE}deps: [a]"):
        Path("dvc.lock").write_text(text)
        assert refusal(integrity.read_lock) == "dvc.lock is damaged: run git checkout -- dvc.lock"
    for text in ("", "a", "[]", "stages:", f"{STAGE}a"):
        Path("dvc.yaml").write_text(text)
        expected = "dvc.yaml is damaged: run git checkout -- dvc.yaml"
        assert refusal(integrity.find_damage, "use") == expected
    Path("dvc.yaml").unlink()
    assert refusal(integrity.read_pipeline).startswith("dvc.yaml is missing: run the command in")


def test_merge_conflict_is_named_with_the_recipe_that_resolves_it() -> None:
    conflict = "<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> main\n"
    Path("dvc.lock").write_text(f"schema: 2\n{conflict}")
    expected = "dvc.lock has a merge conflict: .* run git checkout HEAD -- dvc.lock code .* && make"
    assert re.match(expected, refusal(integrity.read_lock))
    Path("dvc.yaml").write_text(conflict)
    assert refusal(integrity.read_pipeline) == "dvc.yaml has a merge conflict: resolve it"
