"""Test the reading and writing of YAML files."""

from pathlib import Path

import pytest

from birnn.core.yaml_files import YAMLError, parse_yaml, write_yaml


def test_written_file_keeps_order_and_letters(tmp_path: Path) -> None:
    write_yaml(tmp_path / "a.yaml", {"b": "naïve", "a": "yes"})
    assert (tmp_path / "a.yaml").read_text(encoding="utf-8") == "b: naïve\na: yes\n"


def test_invalid_documents_are_refused() -> None:
    for text in ("a: [", "a: 1\na: 2", b"a: \xff", "a: 2024-13-45"):
        with pytest.raises(YAMLError):
            parse_yaml(text)
    with pytest.raises(YAMLError, match=r'duplicate key "b" .*\n.*line 2, column 12$'):
        parse_yaml("b: 1\na: {b: 1,  b: 2}")
