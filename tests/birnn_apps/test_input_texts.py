"""Texts from arguments, standard input and files, with any content."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from birnn.runtime.errors import InputError
from birnn_apps import input_texts
from tests.projects import PROJECT, copy_settings, set_settings


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enter a project."""
    monkeypatch.chdir(tmp_path)
    copy_settings(tmp_path)
    shutil.copy(PROJECT / "dvc.yaml", tmp_path)


def read(
    *arguments: str, files: tuple[Path, ...] = (), stdin: bytes = b""
) -> list[tuple[str, str]]:
    with CliRunner().isolation(stdin):
        texts = [*input_texts.read(arguments, files, "text")]
    return [(text.source, text.content) for text in texts]


def test_arguments_precede_files(tmp_path: Path) -> None:
    contents = {
        "a.txt": "one\n\ntwo",
        "b.csv": '\ufeff\nn,text\n1,"two\nlines"\n2,last\n',
        "c.jsonl": '{"text": ""}\n\n{"text": null}\n{"text": "x"}',
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    text, csv, jsonl = files = tuple(tmp_path / name for name in contents)
    assert read("a", "b\udcff", files=files, stdin=b"not read") == [
        ("argument 1", "a"),
        ("argument 2", "b?"),
        (f"{text}, line 1", "one"),
        (f"{text}, line 2", ""),
        (f"{text}, line 3", "two"),
        (f"{csv}, row 1", "two\nlines"),
        (f"{csv}, row 2", "last"),
        (f"{jsonl}, row 1", ""),
        (f"{jsonl}, row 2", ""),
        (f"{jsonl}, row 3", "x"),
    ]


def test_standard_input_is_split_into_lines() -> None:
    content = "\ufeffGood.\r\n\n\u0645\u0631\u062d\u0628\u0627 🎬".encode()
    texts = ["Good.", "", "\u0645\u0631\u062d\u0628\u0627 🎬"]
    lines = [(f"standard input, line {number}", text) for number, text in enumerate(texts, 1)]
    assert read(stdin=content) == lines
    assert read() == []


def test_invalid_input_is_refused() -> None:
    with pytest.raises(InputError, match=r"standard input, line 2 cannot be read .*UTF-8"):
        read(stdin=b"\xef\xbb\xbfgood\nb\xffd\n")


def test_files_without_texts_are_refused(tmp_path: Path) -> None:
    for content, name, expected in (
        ('{"text": ["good"]}', "a.jsonl", "row 1, column 'text' is not text"),
        (
            '{"text": "a"}\n{"txt": "b"}',
            "a.jsonl",
            r"row 2 has no column 'text', but 'txt'.*--column",
        ),
        ("text;label\na;1", "a.csv", "row 1 has no column 'text', but 'text;label'"),
        ("text\na,b", "a.csv", r"it has 2 columns.*: change csv\.delimiter.* birnn data check"),
        ("", "b.TXT", "No such file"),
    ):
        (tmp_path / name.replace("b.TXT", "c")).write_text(content, encoding="utf-8")
        with pytest.raises((InputError, OSError), match=expected):
            read(files=(tmp_path / name,))


def test_tables_are_read_as_the_settings_say(tmp_path: Path) -> None:
    named = {"text_column": "review", "columns": "[id, review]", "delimiter": '";"'}
    named |= {"encoding": "cp1250", "quoting": "none", "unusable": "skip"}
    set_settings(tmp_path, {f"csv.{name}": value for name, value in named.items()})
    file = tmp_path / "a.csv"
    file.write_bytes('1;"\u010dekal\n2;fine'.encode("cp1250"))
    texts = [*input_texts.read([], [file], input_texts.default_column())]
    assert [text.content for text in texts] == ['"\u010dekal', "fine"]
    assert input_texts.columns([file]) == ["id", "review"]
