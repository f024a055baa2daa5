"""Test the reading and writing of YAML files."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.core.yaml_files import YAMLError, parse_yaml, read_yaml, write_yaml


@settings(max_examples=30)
@given(
    st.dictionaries(st.text("abc", min_size=1), st.text() | st.floats(allow_nan=False) | st.none())
)
def test_written_content_is_readable_and_read_back(
    tmp_path_factory: pytest.TempPathFactory, content: dict[str, Any]
) -> None:
    file = tmp_path_factory.getbasetemp() / "content.yaml"
    write_yaml(file, {"b": "naïve", "a": "yes"})
    assert file.read_text(encoding="utf-8") == "b: naïve\na: yes\n"
    write_yaml(file, content)
    assert list(read_yaml(file).items()) == list(content.items())


def test_invalid_documents_are_refused() -> None:
    for text in ("a: [", "a: 1\na: 2", b"a: \xff", "a: 2024-13-45"):
        with pytest.raises(YAMLError):
            parse_yaml(text)
    with pytest.raises(YAMLError, match=r'duplicate key "b" .*\n.*line 2, column 12$'):
        parse_yaml("b: 1\na: {b: 1,  b: 2}")
