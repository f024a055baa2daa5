"""Tests of reading rows: every format, and the error messages of files that do not fit it."""

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
from tests.projects import DEFAULTS, refusal

COLUMNS = ("text", "label")


def read(
    file: Path, content: bytes | None = None, columns: Sequence[str] = COLUMNS, **changes: Any
) -> list[Any]:
    """Return the rows of a file, to which `content` is written first."""
    if content is not None:
        file.write_bytes(content)
    form = DEFAULTS.csv.model_copy(update=changes)
    return [row for _, row in tabular.read(file, columns, form)]


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
    assert read(file) == read(file, columns=()) == rows


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


def test_skipped_rows_are_empty_and_repeated_columns_are_the_last(tmp_path: Path) -> None:
    content = b"text,x,x\na,1,2\nb,3\n\nc,4,5,6\n"
    rows: list[dict[str, str]] = [{"text": "a", "x": "2"}, {}, {}]
    assert read(tmp_path / "a.csv", content, ["text"], unusable="skip") == rows


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", b"text,label\na,1\n\nGood.\n", ", row 2 cannot be read (it has 1 columns, but"),
        ("a.csv", b"text,label\n\xc3\xa9,1\n\xffb,0\n", ", row 2 cannot be read (it is not UTF-8)"),
        ("a.csv", "text,label\na,1\n".encode("utf-16"), ", row 1 cannot be read (it "),
        ("a.csv", b"text,label\na\0b,1\n", ", row 1 cannot be read (it has a NUL byte)"),
        ("a.csv", b'label,text\n1,a\n1,"cut\n0,b\n', ", row 2 cannot be read (unexpected end of"),
        ("a.csv", b'text,label\n"a" b,1\n', ", row 1 cannot be read (',' expected after '\"')"),
        ("a.csv", b"x;text\na;1\n", " has no column 'text'; its columns are 'x;text'"),
        ("a.csv", b"text,text,label\na,b,1\n", " has 2 columns 'text'"),
        ("a.csv", b"", " has no column 'text'; its columns are none"),
        ("a.jsonl", b'{"text": "a"}\n{"text": \n', ", row 2 cannot be read (Expecting value)"),
        ("a.jsonl", b'["a", 1]\n', ", row 1 cannot be read (it is not a JSON object)"),
        ("a.jsonl", b"[" * 100_000 + b"\n", ", row 1 cannot be read (maximum recursion"),
        ("a.parquet", pd.DataFrame().to_parquet(None)[:-1], ", row 1 cannot be read (Parquet"),
        ("a.parquet", LATE.to_parquet(None), ", row 1 cannot be read (date value out of range"),
        ("a.parquet", pd.DataFrame({"text": ["a"]}).to_parquet(None), " has no column 'label'"),
        ("a.csv", None, " does not exist or is not a file"),
        ("a.doc", b"a", " has an unsupported extension: use one of .csv, .tsv, .tab, .jsonl"),
        ("a.csv.gz", gzip.compress(b"a\n", mtime=0)[:-9], ", row 1 cannot be read ("),
    ],
)
def test_error_names_the_row(
    tmp_path: Path, name: str, content: bytes | None, expected: str
) -> None:
    message = refusal(read, tmp_path / name, content)
    assert message.startswith(f"{tmp_path / name}{expected}")


def test_memory_does_not_grow_with_a_line(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    largest = json.dumps({"text": "a" * (20_000_000 - len('{"text": ""}\n'))})
    with file.open("wb") as output:
        output.write(f"{largest}\n{largest} \n".encode())
        output.truncate(200_000_000)
    tracemalloc.start()
    rows = tabular.read(file, COLUMNS, DEFAULTS.csv)
    assert next(rows)[0] == 1
    with pytest.raises(InputError, match=r"row 2 .*is longer than 20,000,000 characters"):
        next(rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 150_000_000
    # A text may also have many lines.
    content = b'text,label\n"' + (b"a" * 999_999 + b"\n") * 21
    assert "row 1 cannot be read (field larger" in refusal(read, tmp_path / "a.csv", content)
