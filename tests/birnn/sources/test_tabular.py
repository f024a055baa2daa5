"""Tests of reading rows: every format, and the error messages of invalid files."""

import csv
import gzip
import json
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.runtime.errors import InputError
from birnn.sources import tabular
from tests.projects import refusal

COLUMNS = ("text", "label")


def read(file: Path, content: bytes | None = None, columns: Sequence[str] = COLUMNS) -> list[Any]:
    """Return the rows of a file, to which `content` is written first."""
    if content is not None:
        file.write_bytes(content)
    return [row for _, row in tabular.read(file, columns)]


def error_message(file: Path, content: bytes | None = None) -> str:
    message = refusal(read, file, content)
    assert message.startswith(str(file))
    return message.removeprefix(str(file))


def write(rows: list[dict[str, str]], file: Path) -> None:
    table = pd.DataFrame(rows, columns=list(COLUMNS), dtype="str")
    if file.suffix == ".parquet":
        pq.write_table(pa.Table.from_pandas(table, preserve_index=False), file, row_group_size=2)
    elif file.suffix == ".jsonl":
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        # Quoted, because a lone carriage return would end a line.
        delimiter = "," if file.suffix == ".csv" else "\t"
        table.to_csv(file, sep=delimiter, index=False, quoting=csv.QUOTE_ALL, lineterminator="\n")


LATE = pd.DataFrame({"text": np.array(["20000-01-01"], "datetime64[s]"), "label": 1})

# Any text that UTF-8 can encode, except NUL bytes.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@pytest.mark.parametrize("suffix", tabular.READERS)
@given(rows=st.lists(st.fixed_dictionaries({"text": TEXT, "label": TEXT}), max_size=5))
@settings(max_examples=25)
def test_any_text_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, rows: list[dict[str, str]]
) -> None:
    file = tmp_path_factory.getbasetemp() / f"any{suffix}"
    write(rows, file)
    assert read(file) == rows
    assert read(file, columns=()) == rows


@given(st.sampled_from([*tabular.READERS, ".csv.gz"]), st.floats(0, 1), st.binary(max_size=300))
@settings(max_examples=150)
def test_overwritten_bytes_give_rows_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, place: float, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / f"overwritten{suffix}"
    write([{"text": "one", "label": "1"}, {"text": "two", "label": "0"}] * 9, file)
    whole = file.read_bytes()
    start = int(place * len(whole))
    file.write_bytes(whole[:start] + content + whole[start + len(content) :])
    try:
        rows = read(file)
    except InputError as error:
        assert str(file) in str(error)  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert all(isinstance(row, dict) for row in rows)


def test_repeated_names_of_columns_get_a_number(tmp_path: Path) -> None:
    row = {"x": "1", "y": "2", "x.3": "3", "": "", ".5": "", "x.3.6": "4"}
    assert read(tmp_path / "a.csv", b"x,y,x,,,x.3\n1,2,3,,,4\n", columns=()) == [row]


def test_encoding_of_a_large_file_is_detected(tmp_path: Path) -> None:
    chinese = ["这部电影真的很好看"] * 50_000  # byte 1,000,000 is inside a character
    french = ["Fine."] * 200_000 + ["Très mauvais café à éviter."]
    for encoding, texts in (("gb18030", chinese), ("cp1252", french)):
        content = "text,label\n" + "".join(f"{text},1\r\n" for text in texts)
        rows = read(tmp_path / "a.csv", content.encode(encoding))
        assert [row["text"] for row in rows] == texts


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", b"text,label\nGood.\n", ", line 2: expected 2 columns, found 1"),
        ("a.csv", b"text,label\n\xc3\xa9,1\n\xffb,0\n", ", line 3 is not UTF-8"),
        ("a.csv", "text,label\na,1\n".encode("utf-16-le"), ", line 1 has a NUL byte: save the"),
        ("a.csv", b"text,label\na\0b,1\n", ", line 2 has a NUL byte: remove the NUL bytes"),
        ("a.csv", "text,label\na".encode("utf-16")[:-1], ", line 2 is not UTF-16"),
        ("a.csv", b'text,label\n"cut', ", line 2 is not valid CSV (unexpected end of data)"),
        ("a.csv", b"text,label\ra,1\r", ", line 1 is not valid CSV (new-line character seen"),
        ("a.csv", b"words,label\na,1\n", " has no column 'text'; its columns are words, label: "),
        (
            "a.csv",
            b"x, text,\na,b,\n",
            " has no column 'text'; its columns are x, ' text', '': write",
        ),
        (
            "a.csv",
            b"Text,label\na,1\n",
            " has no column 'text'; its columns are Text, label: write 'T",
        ),
        ("a.csv", b"text,text,label\na,b,1\n", " has 2 columns 'text'"),
        ("a.jsonl", b'{"text": "a"}\n{"text": \n', ", line 2 is not valid JSON (Ex"),
        ("a.jsonl", b'["a", 1]\n', ', line 1 is not an object such as {"text": ...}'),
        ("a.jsonl", b"[" * 100_000 + b"\n", ", line 1 is not valid JSON"),
        ("a.jsonl", b'{"text": ' + b"9" * 5_000 + b"}\n", ", line 1 is not valid JSON"),
        ("a.jsonl", rb'{"text": "\ud800"}', ", line 1, column 'text' has a lone surrogate"),
        ("a.jsonl", b'{"text": "\0"}', ", line 1 has a NUL byte"),
        ("a.parquet", pd.DataFrame().to_parquet(None)[:-1], " cannot be read as Parquet (Parquet"),
        ("a.parquet", LATE.to_parquet(None), " cannot be read as Parquet (date value out of range"),
        ("a.csv", None, " does not exist or is not a file"),
        ("a", None, " does not exist or is not a file"),
        ("a.doc", b"a", " has an unsupported extension: use one of .csv, .tsv, .tab, .jsonl"),
        ("a.xlsx", b"PK", " has an unsupported extension: save the sheet as CSV UTF-8"),
        ("a.CSV.GZ", gzip.compress(b"a\n", mtime=0)[:-9], " is truncated or not compressed as .GZ"),
    ],
)
def test_error_names_the_location(
    tmp_path: Path, name: str, content: bytes | None, expected: str
) -> None:
    assert error_message(tmp_path / name, content).startswith(expected)


def test_line_is_longer_than_the_largest_text(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    largest = json.dumps({"text": "a" * (20_000_000 - len('{"text": ""}\n'))})
    with file.open("wb") as output:
        output.write(f"{largest}\n{largest} \n".encode())
        output.truncate(200_000_000)
    tracemalloc.start()
    rows = tabular.read(file, COLUMNS)
    assert next(rows)[0] == f"{file}, line 1"
    with pytest.raises(InputError, match="line 2 is longer than 20,000,000 characters"):
        next(rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 150_000_000
    # A text may also have many lines.
    message = error_message(tmp_path / "a.csv", b'text,label\n"' + (b"a" * 999_999 + b"\n") * 21)
    assert message.startswith(", line 2 is not valid CSV (field larger than field limit")


def test_parquet_rows_have_locations_and_types(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    table = pa.table({"text": ["a", None], "label": [True, None]})
    pq.write_table(table, file, row_group_size=1)
    first, second = tabular.read(file, COLUMNS)
    assert first == (f"{file}, row 1", {"text": "a", "label": True})
    assert second == (f"{file}, row 2", {"text": None, "label": None})
