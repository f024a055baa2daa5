"""Test that DVC, and `birnn data check`, read the printed value of a setting."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from dvc.utils.hydra import apply_overrides

from birnn.core.yaml_files import parse_yaml, read_yaml
from birnn_apps.command_line import option

VALUES = [None, True, 0.5, 1e-5, ";", ",", "|", "\t", ">0", "*.csv", "a, b", "it's", "1", "Null"]
VALUES += [[4, 5], ["a b", "c"], "h\u00f4tel", ["\U0001f44d\u200d"], "a\\b"]


@pytest.mark.parametrize("value", VALUES)
def test_option_stands_for_its_value(tmp_path: Path, value: Any) -> None:
    file = tmp_path / "params.yaml"
    file.write_text("csv: {column: text}", encoding="utf-8")
    (text,) = shlex.split(option("csv.column", value))
    apply_overrides(file, [text])
    assert read_yaml(file) == {"csv": {"column": value}}
    assert parse_yaml(text.partition("=")[2]) == value
