"""Comparison of files with `dvc.lock`; tests/test_faults.py covers it end to end."""

import hashlib
import json
from pathlib import Path

import pytest

from birnn.core import integrity
from birnn.core.errors import InputError
from birnn.core.yaml_files import write_yaml
from tests.projects import refusal

CACHE = Path(".dvc/cache/files/md5")
ONE, TWO, THREE, X = (hashlib.md5(text).hexdigest() for text in (b"1", b"2", b"3", b"x"))  # noqa: S324  # as DVC does
ADVICE = "run dvc repro"


def cached(md5: str) -> Path:
    return Path.cwd() / CACHE / md5[:2] / md5[2:]


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create a DVC project in which `use` reads a file and part of a folder that `make` wrote."""
    monkeypatch.chdir(tmp_path)
    for name, content in {"folder/deep/a": "1", "folder/z": "2", "file": "3"}.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(content)
    folder_md5 = str(integrity.compute_md5(Path("folder")))
    listing = [{"md5": ONE, "relpath": "deep/a"}, {"md5": TWO, "relpath": "z"}]
    contents = {ONE: "1", TWO: "2", THREE: "3", folder_md5: json.dumps(listing)}
    for md5, content in contents.items():
        cached(md5).parent.mkdir(parents=True)
        cached(md5).write_text(content)
    Path("folder/.DS_Store").touch()
    outs = [{"path": "folder", "md5": folder_md5}, {"path": "file", "md5": THREE}]
    deps = [{"path": "file", "md5": THREE}, {"path": "code.py", "md5": ONE[:9]}]
    params = {"params.yaml": {"train": {"seed": 0}, "pad.maxlen": 5}, "empty.yaml": None}
    stages = {"make": {"outs": outs}, "use": {"deps": deps, "params": params}}
    write_yaml(Path("dvc.lock"), {"stages": stages})
    deps_of_use = {"deps": ["code.py", "folder/deep", "file"]}
    write_yaml(Path("dvc.yaml"), {"stages": {"use": deps_of_use, "make": {"deps": ["code.py"]}}})
    Path(".dvc", "config").write_text("[core]\n    no_scm = True\n")


def test_lock_has_full_names_of_settings_and_only_whole_md5s() -> None:
    use = integrity.read_lock()["stages"]["use"]
    params = {"train.seed": 0, "pad.maxlen": 5}
    assert use["params"] == {"params.yaml": params, "empty.yaml": {}}
    assert [entry["path"] for entry in use["deps"]] == ["file"]


def test_only_inputs_that_other_stages_wrote_are_compared() -> None:
    assert integrity.find_damage("use") is None
    Path("file").write_text("x")
    assert integrity.find_damage("make") is None
    assert integrity.find_damage("new") is None
    Path("dvc.lock").unlink()
    assert integrity.find_damage("use") is None


@pytest.mark.parametrize(("name", "md5"), [("file", THREE), ("folder/deep/a", ONE)])
def test_damaged_file_and_its_damaged_copy_in_the_cache_are_named(name: str, md5: str) -> None:
    Path("dvc.py").write_text("import os; print(os.path.abspath('.dvc/cache'))")  # starts faster
    Path(name).write_text("x")
    damage = f"{name} is damaged: its md5 is {X}, but dvc.lock records {md5}"
    assert integrity.find_damage("use") == f"{damage}; delete {name}, then {ADVICE}"
    cached(md5).write_text("x")
    expected = f"{damage}; delete {name} and {cached(md5)}, then {ADVICE}"
    assert integrity.find_damage("use") == expected
    cached(md5).unlink()
    Path(name).unlink()
    missing = f"{name} is missing: dvc.lock records {md5}; {ADVICE}"
    assert integrity.find_damage("use") == missing


def test_folder_is_named_if_its_list_is_damaged() -> None:
    Path("folder/z").write_text("x")
    for listing in CACHE.rglob("*.dir"):
        listing.write_text("[]")
    expected = f"folder differs from what dvc.lock records; delete folder, then {ADVICE}"
    assert integrity.find_damage("use") == expected


def test_files_that_changed_since_the_last_run_are_refused() -> None:
    integrity.verify([Path("file")])
    recorded = "dvc.lock records {}. Run dvc repro or dvc checkout"
    differs = f"differs from the last run: its md5 is {X}, but {recorded}"
    for name, md5 in (("file", THREE), ("other", "none")):
        Path(name).write_text("x")
        assert refusal(integrity.verify, [Path(name)]) == f"{name} {differs.format(md5)}"
    Path("file").unlink()
    assert refusal(integrity.verify, [Path("file")]) == "file is missing: run dvc repro or dvc pull"
    Path("dvc.lock").unlink()
    expected = "dvc.lock is missing: run dvc repro in the project folder"
    assert refusal(integrity.verify, [Path("other")]) == expected


def test_damaged_lock_is_named() -> None:
    Path("dvc.lock").write_text("stages: [")
    with pytest.raises(InputError, match=r"^dvc\.lock is damaged: run git checkout dvc\.lock, or"):
        integrity.find_damage("use")
    for text in (b"[", b"", b"stages:\n  use:", b"stages:\n  use:\n    deps:\n    - x"):
        with pytest.raises(InputError, match=r"^abc is damaged: choose another commit"):
            integrity.parse_lock(text, "abc")
