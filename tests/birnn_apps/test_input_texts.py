"""Texts from arguments, standard input and files, with any content."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from birnn.runtime.errors import InputError
from birnn_apps import input_texts
from tests.projects import PROJECT, copy_settings, set_settings


def read(
    *arguments: str, files: tuple[Path, ...] = (), stdin: bytes = b"", whole: bool = False
) -> list[tuple[str, str]]:
    with CliRunner().isolation(stdin):
        texts = [*input_texts.read(arguments, files, "text", whole=whole)]
    return [(text.source, text.content) for text in texts]


def test_arguments_precede_files(tmp_path: Path) -> None:
    contents = {
        "a.txt": "one\n\ntwo",
        "b.csv": '\ufeff\nn,text\n1,"two\nlines"\n2,last\n',
        "c.jsonl": '{}\n\n{"text": null}\n{"text": "x"}',
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
    assert read(files=(text,), whole=True) == [(str(text), "one\n\ntwo")]


def test_standard_input_is_split_into_lines_unless_whole() -> None:
    content = "\ufeffGood.\r\n\n\u0645\u0631\u062d\u0628\u0627 🎬".encode()
    texts = ["Good.", "", "\u0645\u0631\u062d\u0628\u0627 🎬"]
    lines = [(f"standard input, line {number}", text) for number, text in enumerate(texts, 1)]
    assert read(stdin=content) == lines
    assert read(stdin=content, whole=True) == [("standard input", content.decode("utf-8-sig"))]
    assert read() == []


def test_invalid_input_is_refused() -> None:
    for whole in (False, True):
        with pytest.raises(InputError, match=r"standard input, line 2 cannot be read .*UTF-8"):
            read(stdin=b"\xef\xbb\xbfgood\nb\xffd\n", whole=whole)


def test_files_without_texts_are_refused(tmp_path: Path) -> None:
    for content, name, expected in (
        ('{"text": ["good"]}', "a.jsonl", "column 'text' is not text"),
        ('{"txt": "good"}', "a.jsonl", "a.jsonl has no column 'text'"),
        ("", "b.TXT", "not exist"),
    ):
        (tmp_path / "a.jsonl").write_text(content, encoding="utf-8")
        with pytest.raises(InputError, match=expected):
            read(files=(tmp_path / name,))


def test_column_of_a_published_corpus_is_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    copy_settings(tmp_path)
    shutil.copy(PROJECT / "dvc.yaml", tmp_path)
    set_settings(tmp_path, {"csv.text_column": "review"})
    assert input_texts.default_column() == "text"
    set_settings(tmp_path, {"fetch.source": "csv"})
    assert input_texts.default_column() == "review"
