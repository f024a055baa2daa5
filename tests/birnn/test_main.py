"""The `birnn` command line."""

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from birnn import __main__ as main
from birnn.cli import mistakes


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with two mistakes of the BiLSTM and one disagreement."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    row = {"id": "test/neg/1_1.txt", "label": 0, "words": 1_234}
    row |= {"bilstm": 0.98, "bigru": 0.01, "baseline": 0.5}
    texts = {"bilstm": "First.<br /><br />[red]Odd[/red] text.", "disagreement": "Third."}
    rows = [row | {"kind": kind, "text": text} for kind, text in texts.items()]
    rows.insert(1, rows[0] | {"text": "Second."})
    mistakes.MISTAKES.parent.mkdir(parents=True)
    pd.DataFrame(rows).to_parquet(mistakes.MISTAKES)
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


def test_mistakes_before_the_first_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main.app, ["mistakes"])
    assert result.exit_code == 1
    assert "mistakes.parquet is missing: run dvc repro" in str(result.exception) + result.output
