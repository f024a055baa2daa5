"""The `birnn` command line."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

from birnn_apps import __main__ as main
from tests.projects import BIRNN, PROJECT, copy_settings, run

COMMANDS = get_command(main.app).commands  # type: ignore[attr-defined]

SCRIPT = r"""from birnn.core import settings, stage
stage.run(lambda _: print("\u2212\u2013\u2026 \u00e9 \udcff"), settings.Sections)
"""


def test_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    # After "--", an option is a text.
    for arguments in (["mistakes"], ["predict", "--", "--help"], ["--project", "data", "results"]):
        result = run(*BIRNN, *arguments, cwd=tmp_path, warm=False, PYTHONPATH=str(PROJECT))
        assert result.returncode == 1
        assert re.fullmatch(r"error: .*choose one with --project.*\n", result.stderr)


def test_characters_that_the_terminal_lacks_are_replaced(tmp_path: Path) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    own = os.environ | ascii_only | {"PYTHONPATH": str(PROJECT)}
    copy_settings(tmp_path)
    shutil.copy(PROJECT / "dvc.yaml", tmp_path)
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, "script.py"]
    assert subprocess.check_output(command, cwd=tmp_path, env=own) == b"??? ? ?\n"


def test_help_lists_every_command() -> None:
    text = CliRunner().invoke(main.app, ["--help"]).output
    assert {*COMMANDS} <= {*text.split()}


def test_command_starts_without_slow_imports() -> None:
    script = (
        "import sys, birnn_apps.__main__; print(*{name.partition('.')[0] for name in sys.modules})"
    )
    output = subprocess.check_output([sys.executable, "-c", script], cwd=PROJECT, text=True)
    slow = {"dvc", "numpy", "pandas", "pydantic", "scipy", "tensorflow"}
    assert slow.isdisjoint(output.split())
