"""The project reads YAML files as DVC does with ruamel.yaml."""

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from yaml import YAMLError

from birnn.core.yaml_files import parse_yaml, read_yaml, write_yaml


def parse_scalar(parse: Any, text: str) -> object:
    """Return the type and value that a parser gives a text, or "refused"."""
    try:
        value = parse(f"key: {text}\n")["key"]
    except Exception:  # noqa: BLE001  # each parser has its own errors
        return "refused"
    return type(value), "nan" if isinstance(value, float) and math.isnan(value) else value


@example("1e-3")
@example("0o17")
@example("0x1F")
@example("-.inf")
@example("2020-01-01")
@settings(max_examples=60)
@given(st.text("0123456789+-._eExobnulltrueFALSEinfNaNysf~", max_size=8))
def test_scalars_have_the_same_type_as_in_dvc(text: str) -> None:
    assert parse_scalar(parse_yaml, text) == parse_scalar(YAML(typ="safe").load, text)


@settings(max_examples=30)
@given(
    st.dictionaries(st.text("abc", min_size=1), st.text() | st.floats(allow_nan=False) | st.none())
)
def test_written_content_is_readable_and_read_back(content: dict[str, Any]) -> None:
    file = Path("content.yaml")
    write_yaml(file, {"b": "naïve", "a": "yes"})
    assert file.read_text(encoding="utf-8") == "b: naïve\na: yes\n"
    write_yaml(file, content)
    assert list(read_yaml(file).items()) == list(content.items())
    assert YAML(typ="safe").load(file) == content


@pytest.fixture(autouse=True)
def _folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("yaml"))


def test_invalid_documents_are_refused() -> None:
    for text in ("a: [", "a: 1\na: 2", b"a: \xff"):
        with pytest.raises(YAMLError):
            parse_yaml(text)
    with pytest.raises(YAMLError, match=r"duplicate key 'b'\n.*line 2, column 12"):
        parse_yaml("b: 1\na: {b: 1,  b: 2}")
