"""The start and end of a stage; tests/test_faults.py covers it end to end."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from birnn.core.yaml_files import write_yaml
from tests.projects import PROJECT

STAGE = """
from birnn.core import stage
from birnn.core.errors import InputError
def main(settings):
    {}
stage.run(main)
"""
DAMAGE = "data is missing: dvc.lock records 7d793037a0760186574b0282f2f435e7; run dvc repro"


@pytest.mark.parametrize(
    ("code", "arguments", "variables", "status", "output"),
    [
        ("print('−–…é', settings.train.seed)", "", {}, 0, "--.? 0"),
        ("raise InputError('bad row')", "", {}, 1, "error: bad row"),
        (
            "raise InputError('bad row')",
            "--verbose",
            {},
            1,
            "birnn.core.errors.InputError: bad row",
        ),
        ("raise KeyboardInterrupt", "", {}, 130, "demo was interrupted: resume with dvc repro"),
        ("1 / 0", "", {}, 1, "ZeroDivisionError: division by zero"),
        ("pass", "", {"damage": "yes"}, 0, f"warning: {DAMAGE}"),
        ("1 / 0", "", {"damage": "yes"}, 1, f"error: {DAMAGE}"),
        ("pass", "", {"damage": "yes", "DVC_STAGE": "demo"}, 1, f"error: {DAMAGE}"),
        ("print(1)", "", {"DVC_STAGE": "demo"}, 0, "1"),
    ],
)
def test_stage_ends_with_one_line(
    tmp_path: Path, code: str, arguments: str, variables: dict[str, str], status: int, output: str
) -> None:
    shutil.copy(PROJECT / "params.yaml", tmp_path)
    (tmp_path / "demo.py").write_text(STAGE.format(code), encoding="utf-8")
    for name in ("train_bilstm.py", "train_bigru.py"):  # they name the sections of params.yaml
        (tmp_path / name).touch()
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_text("[core]\n    no_scm = True\n")
    if "damage" in variables:
        out = {"path": "data", "md5": "7d793037a0760186574b0282f2f435e7"}
        write_yaml(tmp_path / "dvc.lock", {"stages": {"fetch": {"outs": [out]}}})
        write_yaml(tmp_path / "dvc.yaml", {"stages": {"demo": {"deps": ["data"]}}})
    ended = subprocess.run(
        [sys.executable, "demo.py", *arguments.split()],
        cwd=tmp_path,
        env=os.environ | variables | {"PYTHONPATH": str(PROJECT), "PYTHONIOENCODING": "ascii"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == status
    lines = (ended.stdout + ended.stderr).splitlines()
    assert lines[-1] == output
    assert len(lines) == 1 or "Traceback" in ended.stderr or status == 1
