"""Tests of reading rows: every format, and the error messages of invalid files."""

import csv
import gzip
import io
import json
import math
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from birnn.core.errors import InputError
from birnn.corpora import tabular

COLUMNS = ("text", "label")
# Any text that UTF-8 can encode, except NUL bytes.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
ROWS = st.lists(st.tuples(TEXT, TEXT))


def read(folder: Path, name: str, content: bytes) -> list[dict[str, Any]]:
    (folder / name).write_bytes(content)
    return [row for _, row in tabular.read(folder / name, COLUMNS)]


def error_message(folder: Path, name: str, content: bytes) -> str:
    with pytest.raises(InputError) as error:
        read(folder, name, content)
    message = str(error.value)
    assert message.startswith(f"{folder / name}")
    assert "\n" not in message
    return message.removeprefix(f"{folder / name}")


def rows_or_error(file: Path) -> list[dict[str, Any]] | str:
    """Return the rows of a file, or the error message."""
    try:
        return [row for _, row in tabular.read(file, COLUMNS)]
    except InputError as error:
        return str(error)


@given(ROWS)
def test_csv_and_tsv_round_trip(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    for name, delimiter in (("a.csv", ","), ("a.tsv", "\t")):
        output = io.StringIO(newline="")
        # Quoted, because a lone carriage return would end a line.
        writer = csv.writer(output, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerows([COLUMNS, *written])
        result = read(folder, name, output.getvalue().encode())
        assert [(row["text"], row["label"]) for row in result] == written


@given(ROWS)
def test_json_lines_round_trip(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("jsonl")
    content = "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in written)
    result = read(folder, "a.jsonl", content.encode())
    assert [(row["text"], row["label"]) for row in result] == written


@given(ROWS)
def test_parquet_round_trip(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[str, str]]
) -> None:
    file = tmp_path_factory.mktemp("parquet") / "a.parquet"
    columns = [pa.array([row[index] for row in written], pa.string()) for index in (0, 1)]
    pq.write_table(pa.table(columns, names=list(COLUMNS)), file)
    result = [row for _, row in tabular.read(file, COLUMNS)]
    assert [(row["text"], row["label"]) for row in result] == written


@given(st.binary(max_size=300), st.sampled_from([*tabular.READERS, ".csv.gz", ".jsonl.zst"]))
def test_any_bytes_give_rows_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    file = tmp_path_factory.mktemp("any") / f"a{suffix}"
    for start in (b"", b"text,label\n", b"text\tlabel\n", b"PAR1"):
        file.write_bytes(start + content)
        result = rows_or_error(file)
        if isinstance(result, str):
            assert result.startswith(str(file))
            assert "\n" not in result
        else:
            assert all(isinstance(row, dict) for row in result)


@given(st.data())
def test_damaged_parquet_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    file = tmp_path_factory.mktemp("damaged") / "a.parquet"
    pq.write_table(pa.table({"text": ["one", "two"] * 20, "label": [1, 0] * 20}), file)
    content = bytearray(file.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    cut = data.draw(st.booleans())
    if cut:
        del content[position:]
    else:
        content[position] ^= 0xFF
    file.write_bytes(content)
    result = rows_or_error(file)
    if isinstance(result, str):
        assert str(file) in result
    else:
        assert not cut


def test_byte_order_mark_and_empty_lines_are_skipped(tmp_path: Path) -> None:
    content = "\ufefftext,label\r\n\r\nGood.,1\r\n".encode()
    assert read(tmp_path, "a.csv", content) == [{"text": "Good.", "label": "1"}]
    assert read(tmp_path, "a.jsonl", b'\n{"text": "Good."}\n\n') == [{"text": "Good."}]


def test_location_is_the_first_line_of_a_row(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text('text,label\n"two\nlines",1\nlast,0\n', encoding="utf-8")
    assert [location for location, _ in tabular.read(file, COLUMNS)] == [
        f"{file}, line 2",
        f"{file}, line 4",
    ]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", b"text,label\nGood.\n", ", line 2: expected 2 columns, found 1"),
        ("a.csv", b"text,label\nGood, very,1\n", ", line 2: expected 2 columns, found 3"),
        ("a.csv", b"text,label\n\xc3\xa9,1\n\xffb,0\n", ", line 3, byte 1 is not UTF-8"),
        ("a.csv", "text,label\na,1\n".encode("utf-16-le"), ", line 1, byte 2 is a NUL byte"),
        ("a.csv", "text,label\na".encode("utf-16")[:-1], ", line 2 is not UTF-16"),
        ("a.csv", b"text,label\na\0b,1\n", ", line 2, byte 2 is a NUL byte"),
        ("a.csv", b'text,label\n"cut', ", line 2 is not valid CSV (unexpected end of data)"),
        ("a.csv", b'text,label\n"a"b,1\n', ", line 2 is not valid CSV"),
        ("a.csv", b"words,label\na,1\n", " has no column 'text'. Its columns are: words, label. "),
        ("a.csv", b"text,text,label\na,b,1\n", " has 2 columns 'text'"),
        ("a.csv", b"", " has no column 'text'. Its columns are: none. "),
        ("a.tsv", b"text\tlabel\na\n", ", line 2: expected 2 columns, found 1"),
        (
            "a.jsonl",
            b'{"text": "a"}\n{"text": \n',
            ", line 2, column 9 is not valid JSON (Expecting",
        ),
        ("a.jsonl", b'["a", 1]\n', ', line 1 is not an object such as {"text": ...}'),
        ("a.jsonl", b"[" * 100_000 + b"\n", ", line 1 cannot be read as JSON"),
        ("a.jsonl", b'{"text": ' + b"9" * 5_000 + b"}\n", ", line 1 cannot be read as JSON"),
        ("a.jsonl", rb'{"text": "\ud800"}', ", line 1, column 'text' has a lone surrogate"),
        ("a.jsonl", b'{"text": "\0"}', ", line 1, byte 11 is a NUL byte"),
        ("a.parquet", b"", " is truncated or not a Parquet file"),
        ("a.parquet", b"text,label\n", " is truncated or not a Parquet file"),
        ("a.doc", b"a", " has an unsupported extension: use one of .csv, .tsv, .jsonl, .parquet"),
        ("a.xlsx", b"PK", " has an unsupported extension: save the sheet as CSV UTF-8"),
        ("a.parquet.gz", b"\x1f\x8b", " has an unsupported extension"),
        ("a.csv.gz", b"\x1f\x8b", " is truncated or not compressed as .gz"),
        (
            "a.csv.gz",
            gzip.compress(b"text,label\n" * 99, mtime=0)[:-9],
            " is truncated or not compressed",
        ),
        ("a.csv.zst", b"text,label\n", " is truncated or not compressed as .zst"),
    ],
)
def test_error_names_the_location(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    assert error_message(tmp_path, name, content).startswith(expected)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv does not exist"):
        list(tabular.read(tmp_path / "none.csv", COLUMNS))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match=r"folder\.csv does not exist or is not a file"):
        list(tabular.read(tmp_path / "folder.csv", COLUMNS))


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_huge_text_is_refused_before_it_fills_memory(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as output:
        output.write(b"text,label\n" if name == "a.csv" else b'{"text": "a"}\n')
        for _ in range(100):
            output.write(b"a" * 1_000_000)
    tracemalloc.start()
    with pytest.raises(InputError, match="line 2 is longer than 20,000,000 characters"):
        list(tabular.read(tmp_path / name, COLUMNS))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 70_000_000


def test_huge_text_over_many_lines_is_refused(tmp_path: Path) -> None:
    line = b"a" * 999 + b"\n"
    message = error_message(tmp_path, "a.csv", b'text,label\n"' + line * 21_000)
    assert message.startswith(", line 2 is not valid CSV (field larger than field limit")


def write_repeated(file: Path, size: int, count: int, *, dictionary: bool) -> None:
    """Write a text of `size` bytes, `count` times, as one row group of a small file."""
    text = pa.DictionaryArray.from_arrays(pa.array([0] * count), pa.array(["a" * size]))
    pq.write_table(
        pa.table({"text": text, "label": [1] * count}),
        file,
        use_dictionary=dictionary,
        compression="zstd",
        dictionary_pagesize_limit=2 * size,
        store_schema=False,
    )
    assert file.stat().st_size < size


@pytest.mark.slow
@pytest.mark.parametrize("dictionary", [True, False])
def test_huge_text_in_parquet_is_refused(tmp_path: Path, *, dictionary: bool) -> None:
    write_repeated(tmp_path / "a.parquet", 21_000_000, 20, dictionary=dictionary)
    with pytest.raises(InputError, match="column 'text' has a text longer than 20,000,000"):
        list(tabular.read(tmp_path / "a.parquet", COLUMNS))


def peak_memory(file: Path) -> int:
    """Read all rows, and return the peak memory of Arrow plus the peak of Python, in bytes."""
    before, arrow_peak = pa.total_allocated_bytes(), 0
    tracemalloc.start()
    for _ in tabular.read(file, COLUMNS):
        arrow_peak = max(arrow_peak, pa.total_allocated_bytes() - before)
    _, python_peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return arrow_peak + python_peak


def test_long_texts_in_parquet_do_not_fill_memory(tmp_path: Path) -> None:
    # One text per page, because a page is decompressed whole.
    texts = pa.array([f"{number}" + "a" * 5_000_000 for number in range(100)])
    table = pa.table({"text": texts, "label": [1] * 100})
    file = tmp_path / "a.parquet"
    pq.write_table(table, file, use_dictionary=False, compression="zstd", write_batch_size=1)
    del texts, table
    assert peak_memory(file) < 400_000_000


def test_repeated_long_text_in_parquet_does_not_fill_memory(tmp_path: Path) -> None:
    write_repeated(tmp_path / "a.parquet", 5_000_000, 100, dictionary=True)
    assert peak_memory(tmp_path / "a.parquet") < 100_000_000


def test_parquet_values_have_their_types(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["a", None], "label": [True, None]}), file)
    result = [row for _, row in tabular.read(file, COLUMNS)]
    assert result == [{"text": "a", "label": True}, {"text": None, "label": None}]
    pq.write_table(pa.table({"text": ["a"], "label": [math.inf]}), file)
    assert next(tabular.read(file, COLUMNS))[1]["label"] == math.inf
