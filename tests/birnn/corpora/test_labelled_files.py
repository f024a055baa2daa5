"""Tests of the user's own labelled text: every layout and common mistakes."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from birnn.core.errors import InputError
from birnn.core.settings import Csv, load
from birnn.corpora.labelled_files import LabelledFiles
from birnn.corpora.review import Review
from tests.projects import PROJECT

LAYOUT = load(PROJECT / "params.yaml").csv.model_dump() | {"positive": "good", "negative": "bad"}
TABLE = pd.DataFrame(
    [
        ("Dull, and long.", "bad", "train", "a", "one"),
        ("A joy!", "good", "train", "b", "one"),
        ("Fine.", "good", "test", "c", "two"),
    ],
    columns=["text", "label", "split", "name", "film"],
)


def labelled_files(folder: Path, **layout: Any) -> LabelledFiles:
    return LabelledFiles(Csv.model_validate(LAYOUT | layout), folder)


def read(folder: Path, **layout: Any) -> list[Review]:
    return list(labelled_files(folder, **layout).read())


def error_message(folder: Path, **layout: Any) -> str:
    with pytest.raises(InputError) as error:
        read(folder, **layout)
    assert "\n" not in str(error.value)
    return str(error.value).removeprefix(f"{folder}/")


def write(table: pd.DataFrame, file: Path) -> None:
    table.to_csv(file, index=False)


def test_one_file_with_a_split_column(tmp_path: Path) -> None:
    write(TABLE, tmp_path / "reviews.csv")
    reviews = read(tmp_path, id_column="name", group_column="film")
    assert [(review.split, review.id, review.group, review.label) for review in reviews] == [
        ("train", "a", "one", 0),
        ("train", "b", "one", 1),
        ("test", "c", "two", 1),
    ]
    assert [review.text for review in reviews] == TABLE["text"].tolist()


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("label", "meh", "is 'meh', neither csv.positive (good)"),
        ("label", "", "is empty"),
        ("label", "x" * 40, f"is '{'x' * 40}', neither"),
        ("label", "x" * 41, "is '…', neither"),
        ("text", " \t", "is empty"),
        ("split", "dev", "is 'dev', neither train nor test"),
        ("split", "", "is empty"),
        ("name", "", "is empty"),
        ("film", "", "is empty"),
    ],
)
def test_invalid_value_is_named(tmp_path: Path, column: str, value: str, expected: str) -> None:
    table = TABLE.copy()
    table.loc[1, column] = value
    write(table, tmp_path / "reviews.csv")
    message = error_message(tmp_path, id_column="name", group_column="film")
    assert message.startswith(f"reviews.csv, line 3, column '{column}' {expected}")


@pytest.mark.parametrize("column", ["text", "label", "split"])
@pytest.mark.parametrize("value", [["a"], {"a": 1}, None, math.nan, " "])
def test_value_that_is_not_text_is_named(tmp_path: Path, column: str, value: Any) -> None:
    row = {"text": 5, "label": "good", "split": "train"} | {column: value}
    (tmp_path / "reviews.jsonl").write_text(json.dumps(row), encoding="utf-8")
    problem = "neither text nor a number" if isinstance(value, list | dict) else "empty"
    message = error_message(tmp_path, train="reviews.jsonl")
    assert message.startswith(f"reviews.jsonl, line 1, column '{column}' is {problem}: ")


def test_missing_column_or_file_is_named(tmp_path: Path) -> None:
    assert error_message(tmp_path) == "reviews.csv does not exist or is not a file: check the path"
    assert "*.tsv matches no files" in error_message(tmp_path, train="*.tsv")
    write(TABLE, tmp_path / "reviews.csv")
    message = error_message(tmp_path, label_column="stars")
    columns = "text, label, split, name, film"
    assert message.startswith(f"reviews.csv has no column 'stars'. Its columns are: {columns}. ")


def test_largest_text_is_measured_in_bytes(tmp_path: Path) -> None:
    write(TABLE[:2].assign(text=["é" * 10_000_000, "é" * 10_000_001]), tmp_path / "reviews.csv")
    reviews = labelled_files(tmp_path).read()
    assert len(next(reviews).text) == 10_000_000
    with pytest.raises(InputError, match=r"line 3, column 'text' is longer than 20,000,000 bytes"):
        next(reviews)


@pytest.mark.parametrize(("column", "group_column"), [("text", None), ("film", "film")])
def test_random_split_keeps_equal_texts_or_groups_together(
    tmp_path: Path, column: str, group_column: str | None
) -> None:
    numbers = [*range(30), *range(30)]
    table = pd.DataFrame({"text": [f"text {number}" for number in numbers], "film": numbers[::-1]})
    table["label"] = ["good" if number % 2 else "bad" for number in numbers]
    write(table, tmp_path / "reviews.csv")
    reviews = read(tmp_path, split_column=None, test=0.2, group_column=group_column)
    splits = [review.split for review in reviews]
    assert splits.count("test") == 12
    assert table.assign(split=splits).groupby(column)["split"].nunique().eq(1).all()


def test_parts_have_different_ids_and_test_files_are_not_training_files(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for name in ("1.csv", "2.csv", ".hidden.csv", "_SUCCESS", "README.md"):
            write(TABLE[:1], tmp_path / folder / name)
    for name in ("1.csv", "test.csv"):
        write(TABLE[:2], tmp_path / name)
    files = labelled_files(tmp_path, train="a", test="b", split_column=None)
    reviews = list(files.read())
    assert [(review.id, review.split) for review in reviews] == [
        ("a/1.csv, line 2", "train"),
        ("a/2.csv, line 2", "train"),
        ("b/1.csv, line 2", "test"),
        ("b/2.csv, line 2", "test"),
    ]
    assert all(review.group == review.id for review in reviews)
    form = "encoding utf-8, delimiter ','"
    assert list(files.describe()) == [f"{tmp_path}/a/1.csv and 3 more: {form}"]
    files = labelled_files(tmp_path, train="*.csv", test="test.csv", split_column=None)
    assert [(review.id, review.split) for review in files.read()] == [
        ("1.csv, line 2", "train"),
        ("1.csv, line 3", "train"),
        ("test.csv, line 2", "test"),
        ("test.csv, line 3", "test"),
    ]
    assert list(files.describe()) == [f"{tmp_path}/1.csv and 1 more: {form}"]


def test_unusable_rows_are_counted_by_reason(tmp_path: Path) -> None:
    rows = [("Fine.", "good", "dev"), ("Fine.", "meh", "train"), ("", "good", "test")]
    table = pd.concat([TABLE, pd.DataFrame(rows, columns=["text", "label", "split"])] * 2)
    write(table, tmp_path / "reviews.csv")
    files = labelled_files(tmp_path, unusable="skip")
    # A second reading does not count twice.
    for _ in range(2):
        assert len(list(files.read())) == 6
    reasons = "2 with another 'split' than train or test, 2 with another 'label', 2 without 'text'"
    form = f"{tmp_path}/reviews.csv: encoding utf-8, delimiter ','"
    assert list(files.describe()) == [form, f"skipped rows: {reasons}"]
