"""Texts from arguments, standard input and files, with any content."""

import io
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from birnn.cli import input_texts
from birnn.cli.input_texts import Text
from birnn.core.errors import InputError
from birnn.corpora import tabular


def read(*arguments: str, files: tuple[Path, ...] = (), whole: bool = False) -> list[Text]:
    return list(input_texts.read(arguments, files, "text", whole=whole))


class Input:
    """Fake standard input."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)

    def isatty(self) -> bool:
        return False


def read_input(monkeypatch: pytest.MonkeyPatch, content: bytes, **options: Any) -> list[Text]:
    monkeypatch.setattr(sys, "stdin", Input(content))
    return read(**options)


def test_arguments_precede_files(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n\ntwo", encoding="utf-8")
    (tmp_path / "b.csv").write_text('n,text\n1,"two\nlines"\n', encoding="utf-8")
    (tmp_path / "c.jsonl").write_text('{"text": null}\n{}\n{"text": "x"}', encoding="utf-8")
    files = tuple(tmp_path / name for name in ("a.txt", "b.csv", "c.jsonl"))
    assert read("argument", files=files) == [
        ("argument 1", "argument"),
        (f"{files[0]}, line 1", "one"),
        (f"{files[0]}, line 2", ""),
        (f"{files[0]}, line 3", "two"),
        (f"{files[1]}, line 2", "two\nlines"),
        (f"{files[2]}, line 1", ""),
        (f"{files[2]}, line 2", ""),
        (f"{files[2]}, line 3", "x"),
    ]
    assert read(files=files[:1], whole=True) == [(str(files[0]), "one\n\ntwo")]


def test_standard_input_is_split_into_lines_unless_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    content = "\ufeffGood.\r\n\n\u0645\u0631\u062d\u0628\u0627 🎬".encode()
    assert read_input(monkeypatch, content) == [
        ("standard input, line 1", "Good."),
        ("standard input, line 2", ""),
        ("standard input, line 3", "\u0645\u0631\u062d\u0628\u0627 🎬"),
    ]
    assert read_input(monkeypatch, content, whole=True) == [
        ("standard input", "Good.\r\n\n\u0645\u0631\u062d\u0628\u0627 🎬")
    ]
    assert read_input(monkeypatch, b"") == []


@pytest.mark.parametrize(
    ("content", "whole", "expected"),
    [
        (b"good\nb\xffd\n", False, "standard input, line 2, byte 2 is not UTF-8"),
        (b"good\nb\xffd\n", True, "standard input, byte 7 is not UTF-8"),
        (b"good\0\n", False, "standard input, line 1, byte 5 is a NUL byte"),
    ],
)
def test_invalid_bytes_are_refused(
    monkeypatch: pytest.MonkeyPatch, content: bytes, *, whole: bool, expected: str
) -> None:
    with pytest.raises(InputError, match=expected):
        read_input(monkeypatch, content, whole=whole)


@pytest.mark.parametrize("whole", [False, True])
def test_long_text_is_refused(monkeypatch: pytest.MonkeyPatch, *, whole: bool) -> None:
    monkeypatch.setattr(tabular, "LARGEST_TEXT", 10)
    assert read_input(monkeypatch, b"a" * 10, whole=whole)[0][1] == "a" * 10
    with pytest.raises(InputError, match=f"is longer than 10 {'bytes' if whole else 'characters'}"):
        read_input(monkeypatch, b"a" * 11, whole=whole)


def test_missing_file_or_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("words\ngood\n", encoding="utf-8")
    (tmp_path / "c.jsonl").write_text('{"text": ["good"]}\n', encoding="utf-8")
    for name, expected in {
        "none.txt": "does not exist or is not a file",
        "b.csv": "has no column 'text'. Its columns are: words",
        "c.jsonl": "line 1, column 'text' is not text",
        "d.pdf": "has an unsupported extension: use one of .csv",
    }.items():
        with pytest.raises(InputError, match=expected):
            read(files=(tmp_path / name,))


@given(st.text(st.characters() | st.characters(categories=["Cs"])))
def test_any_argument_is_accepted(argument: str) -> None:
    ((_, text),) = read(argument)
    text.encode()
    assert input_texts.printable(text).isprintable()


def test_printable_removes_terminal_escapes() -> None:
    assert input_texts.printable("a\x1b[31mred\u202e\x07\n") == "a [31mred   "
