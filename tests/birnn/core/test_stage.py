"""The start and end of a stage; tests/test_faults.py covers it end to end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from birnn.networks.registry import NETWORKS
from tests.projects import PROJECT

STAGE = """
from birnn.core import stage
from birnn.core.errors import InputError
def main(settings):
    {}
stage.run(main)
"""


@pytest.mark.parametrize(
    ("code", "arguments", "status", "output"),
    [
        ("print('−–…é', settings.train.seed)", "", 0, "--.? 0"),
        ("raise InputError('bad row')", "", 1, "error: bad row"),
        ("raise InputError('bad row')", "--verbose", 1, "birnn.core.errors.InputError: bad row"),
        ("raise KeyboardInterrupt", "", 130, "demo was interrupted: resume with dvc repro"),
    ],
)
def test_stage_ends_with_one_line(
    tmp_path: Path, code: str, arguments: str, status: int, output: str
) -> None:
    (tmp_path / "params.yaml").write_bytes((PROJECT / "params.yaml").read_bytes())
    (tmp_path / "demo.py").write_text(STAGE.format(code), encoding="utf-8")
    for name in NETWORKS:  # these files name the sections of params.yaml
        (tmp_path / f"train_{name}.py").touch()
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "demo.py", *arguments.split()]
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True
    )
    lines = (ended.stdout + ended.stderr).splitlines()
    assert (ended.returncode, lines[-1]) == (status, output)
    assert len(lines) == 1 or arguments
