"""The `birnn` command line."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from birnn import __main__ as main
from birnn.cli.project import located
from birnn.core import paths
from birnn.core.errors import InputError
from birnn.core.paths import PARAMS, PIPELINE
from tests.projects import PROJECT, copy_settings


def enter_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a folder the current project."""
    for mark in (PIPELINE, PARAMS):
        (folder / mark).touch()
    monkeypatch.chdir(folder)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with two mistakes of the BiLSTM and one disagreement."""
    enter_project(tmp_path, monkeypatch)
    monkeypatch.setenv("COLUMNS", "80")
    row = {"id": "test/neg/1_1.txt", "label": 0, "words": 1_234}
    row |= {"bilstm": 0.98, "bigru": 0.01, "baseline": 0.5}
    texts = {"bilstm": "First.<br /><br />[red]Odd[/red] text.", "disagreement": "Third."}
    rows = [row | {"kind": kind, "text": text} for kind, text in texts.items()]
    rows.insert(1, rows[0] | {"text": "Second."})
    paths.MISTAKES.parent.mkdir(parents=True)
    pd.DataFrame(rows).to_parquet(paths.MISTAKES)
    return tmp_path


@pytest.mark.usefixtures("project")
def test_mistakes_prints_texts() -> None:
    result = CliRunner().invoke(main.app, ["mistakes", "bilstm"])
    assert result.exit_code == 0
    assert "test/neg/1_1.txt, 1,234 words" in result.stdout
    expected = "negative; probability of positive: BiLSTM 0.9800, BiGRU 0.0100, Baseline 0.5000"
    assert expected in result.stdout
    assert "First.\n\n[red]Odd[/red] text." in result.stdout
    assert "Second." in result.stdout
    assert "Third." not in result.stdout


@pytest.mark.usefixtures("project")
def test_mistakes_limits_the_count() -> None:
    result = CliRunner().invoke(main.app, ["mistakes", "bilstm", "--count", "1"])
    assert "1 of 1" in result.stdout
    assert "Second." not in result.stdout
    assert "Third." in CliRunner().invoke(main.app, ["mistakes"]).stdout


@pytest.mark.usefixtures("project")
def test_networks_without_mistakes_are_reported() -> None:
    table = pd.read_parquet(paths.MISTAKES)
    table.iloc[:0].to_parquet(paths.MISTAKES)
    for kind, subject in {"bigru": "BiGRU", "disagreement": "networks"}.items():
        result = CliRunner().invoke(main.app, ["mistakes", kind])
        assert result.exit_code == 0
        (line,) = result.stdout.splitlines()
        assert subject in line


def test_mistakes_before_the_first_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_project(tmp_path, monkeypatch)
    result = CliRunner().invoke(main.app, ["mistakes"])
    assert result.exit_code == 1
    assert "mistakes.parquet is missing: run dvc repro" in str(result.exception) + result.output


def test_project_is_found_from_a_subfolder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "data" / "own").mkdir()
    monkeypatch.chdir(project / "data" / "own")
    assert "Third." in CliRunner().invoke(main.app, ["mistakes"]).stdout
    assert located(Path("texts.txt")) == project / "data" / "own" / "texts.txt"


def test_project_can_be_given(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.parent)
    arguments = ["--project", project.name, "mistakes"]
    assert "Third." in CliRunner().invoke(main.app, arguments).stdout


@pytest.mark.parametrize("arguments", [["mistakes"], ["--project", "data", "results"]])
def test_folder_without_a_project_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main.app, arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, InputError)
    assert "choose one with --project" in str(result.exception)


SCRIPT = r"""
from birnn.core import stage

def main(_settings):
    print("\u2212\u2013\u2026 \u00e9 \udcff")

stage.run(main)
"""


def test_characters_that_the_terminal_lacks_are_replaced(tmp_path: Path) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    own = os.environ | ascii_only | {"PYTHONPATH": str(PROJECT)}
    copy_settings(tmp_path)
    for name in ("train_bilstm.py", "train_bigru.py"):  # they have sections in the settings
        (tmp_path / name).touch()
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    commands = {("-m", "birnn", "results"): PROJECT, ("script.py",): tmp_path}
    outputs = [
        subprocess.check_output([sys.executable, *arguments], cwd=folder, env=own)
        for arguments, folder in commands.items()
    ]
    assert re.search(rb"BiLSTM minus BiGRU: [+-]\d", outputs[0])
    assert outputs[1] == b"--. ? ?\n"


COMMANDS = sorted(get_command(main.app).commands)  # type: ignore[attr-defined]
SLOW_IMPORTS = {"dvc", "numpy", "pandas", "pydantic", "scipy", "tensorflow"}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_has_an_example(command: str) -> None:
    result = CliRunner().invoke(main.app, [command, "--help"])
    assert result.exit_code == 0
    assert f"Example: birnn {command}" in result.output


def test_help_lists_every_command_in_a_group_with_its_whole_sentence() -> None:
    text = CliRunner().invoke(main.app, ["--help"]).output
    listed = [
        line.split()[0] for line in text.splitlines() if line.startswith("  ") and line.strip()
    ]
    commands = get_command(main.app).commands  # type: ignore[attr-defined]
    assert set(commands) <= set(listed)
    assert "..." not in text.partition("Predict:")[2]


def test_help_imports_nothing_slow() -> None:
    script = "import sys, birnn.__main__; print(*{name.partition('.')[0] for name in sys.modules})"
    command = [sys.executable, "-c", script]
    output = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    assert SLOW_IMPORTS.isdisjoint(output.split())


@pytest.mark.parametrize("arguments", [["predict", "x", "--network", "none"], ["mistakes", "none"]])
@pytest.mark.usefixtures("project")
def test_unknown_network_is_refused(arguments: list[str]) -> None:
    result = CliRunner().invoke(main.app, arguments)
    assert result.exit_code == 2
    assert "bilstm, bigru" in result.output
