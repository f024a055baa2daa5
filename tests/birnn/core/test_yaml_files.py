"""Test the reading of YAML files."""

import pytest

from birnn.core.yaml_files import YAMLError, parse_yaml


def test_invalid_documents_are_refused() -> None:
    for text in ("a: [", "a: 1\na: 2", b"a: \xff", "a: 2024-13-45"):
        with pytest.raises(YAMLError):
            parse_yaml(text)
    with pytest.raises(YAMLError, match=r'duplicate key "b" .*\n.*line 2, column 12$'):
        parse_yaml("b: 1\na: {b: 1,  b: 2}")
