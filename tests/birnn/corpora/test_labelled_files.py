"""Tests of the user's own labelled text: every layout and common mistakes."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from birnn.core.errors import InputError
from birnn.core.settings import Csv
from birnn.corpora.labelled_files import LabelledFiles
from birnn.corpora.review import Review

LAYOUT = {
    "train": "reviews.csv",
    "test": None,
    "seed": 0,
    "delimiter": "auto",
    "encoding": "auto",
    "unusable": "refuse",
    "text_column": "text",
    "label_column": "label",
    "positive": "good",
    "negative": "bad",
    "split_column": "split",
    "id_column": None,
    "group_column": None,
}
TABLE = pd.DataFrame(
    {
        "text": ["Dull, and long.", "A joy!", "Fine."],
        "label": ["bad", "good", "good"],
        "split": ["train", "train", "test"],
        "name": ["a", "b", "c"],
        "film": ["one", "one", "two"],
    }
)


def read(folder: Path, **layout: Any) -> list[Review]:
    return list(LabelledFiles(Csv.model_validate(LAYOUT | layout), folder).read())


def error_message(folder: Path, **layout: Any) -> str:
    with pytest.raises(InputError) as error:
        read(folder, **layout)
    assert "\n" not in str(error.value)
    return str(error.value).removeprefix(f"{folder}/")


def reviews_or_error(folder: Path) -> list[Review] | str:
    try:
        return read(folder, train="reviews.jsonl")
    except InputError as error:
        return str(error)


def write(table: pd.DataFrame, file: Path) -> None:
    if file.suffix == ".parquet":
        table.to_parquet(file, index=False)
    elif file.suffix == ".jsonl":
        table.to_json(file, orient="records", lines=True)
    else:
        table.to_csv(file, index=False, sep="\t" if file.suffix == ".tsv" else ",")


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_one_file_with_a_split_column(tmp_path: Path, suffix: str) -> None:
    name = f"reviews.{suffix}"
    write(TABLE, tmp_path / name)
    reviews = read(tmp_path, train=name, id_column="name", group_column="film")
    assert [(review.split, review.id, review.group, review.label) for review in reviews] == [
        ("train", "a", "one", 0),
        ("train", "b", "one", 1),
        ("test", "c", "two", 1),
    ]
    assert [review.text for review in reviews] == TABLE["text"].tolist()


def test_one_file_per_split_without_ids_or_groups(tmp_path: Path) -> None:
    table = TABLE[["text", "label"]]
    write(table, tmp_path / "train.csv")
    write(table[1:], tmp_path / "test.jsonl")
    reviews = read(tmp_path, train="train.csv", test="test.jsonl", split_column=None)
    assert [(review.split, review.id) for review in reviews] == [
        ("train", "train.csv, line 2"),
        ("train", "train.csv, line 3"),
        ("train", "train.csv, line 4"),
        ("test", "test.jsonl, line 1"),
        ("test", "test.jsonl, line 2"),
    ]
    assert all(review.group == review.id for review in reviews)


@pytest.mark.parametrize(
    ("labels", "positive", "negative"),
    [([0, 1, 1], 1, 0), ([False, True, True], True, False), (["☹", "☺", "☺"], "☺", "☹")],
)
@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_labels_can_be_any_two_values(
    tmp_path: Path, labels: list[Any], positive: Any, negative: Any, suffix: str
) -> None:
    name = f"reviews.{suffix}"
    write(TABLE.assign(label=labels), tmp_path / name)
    reviews = read(tmp_path, train=name, positive=positive, negative=negative)
    assert [review.label for review in reviews] == [0, 1, 1]


def test_numeric_labels_in_csv_match_numbers_and_text(tmp_path: Path) -> None:
    write(TABLE.assign(label=[1, 5, 5]), tmp_path / "reviews.csv")
    assert [review.label for review in read(tmp_path, positive=5, negative=1)] == [0, 1, 1]
    assert [review.label for review in read(tmp_path, positive="5", negative="1")] == [0, 1, 1]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        (
            "label",
            "meh",
            "reviews.csv, line 3, column 'label' is 'meh', neither csv.positive (good)",
        ),
        ("label", "", "reviews.csv, line 3, column 'label' is empty"),
        ("label", "x" * 99, "reviews.csv, line 3, column 'label' is '…', neither"),
        ("text", " \t", "reviews.csv, line 3, column 'text' is empty"),
        ("split", "dev", "reviews.csv, line 3, column 'split' is 'dev', neither train nor test"),
        ("split", "", "reviews.csv, line 3, column 'split' is empty"),
        ("name", "", "reviews.csv, line 3, column 'name' is empty"),
        ("film", "", "reviews.csv, line 3, column 'film' is empty"),
    ],
)
def test_invalid_value_is_named(tmp_path: Path, column: str, value: str, expected: str) -> None:
    table = TABLE.copy()
    table.loc[1, column] = value
    write(table, tmp_path / "reviews.csv")
    assert error_message(tmp_path, id_column="name", group_column="film").startswith(expected)


def test_missing_column_or_file_is_named(tmp_path: Path) -> None:
    assert error_message(tmp_path) == "reviews.csv does not exist or is not a file: check the path"
    write(TABLE, tmp_path / "reviews.csv")
    message = error_message(tmp_path, label_column="stars")
    columns = "text, label, split, name, film"
    assert message.startswith(f"reviews.csv has no column 'stars'. Its columns are: {columns}. ")


@pytest.mark.parametrize("text", [["a"], {"a": 1}, None])
def test_value_that_is_not_text_is_named(tmp_path: Path, text: Any) -> None:
    row = {"text": text, "label": "good", "split": "train"}
    (tmp_path / "reviews.jsonl").write_text(json.dumps(row), encoding="utf-8")
    message = error_message(tmp_path, train="reviews.jsonl")
    assert message.startswith("reviews.jsonl, line 1, column 'text' is ")


def test_random_split_keeps_equal_texts_or_groups_together(tmp_path: Path) -> None:
    numbers = [*range(30), *range(30)]
    table = pd.DataFrame({"text": [f"text {number}" for number in numbers], "film": numbers[::-1]})
    table["label"] = ["good" if number % 2 else "bad" for number in numbers]
    write(table, tmp_path / "reviews.csv")
    for column in ("text", "film"):
        group_column = "film" if column == "film" else None
        layout = {"split_column": None, "test": 0.2, "group_column": group_column}
        splits = [review.split for review in read(tmp_path, **layout)]
        assert splits.count("test") == 12
        assert table.groupby(column)["label"].size().eq(2).all()
        assert table.assign(split=splits).groupby(column)["split"].nunique().eq(1).all()


def test_parts_have_different_ids_and_test_files_are_not_training_files(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for name in ("1.csv", "2.csv", ".hidden.csv", "_SUCCESS"):
            write(TABLE[:1], tmp_path / folder / name)
    reviews = read(tmp_path, train="a", test="b", split_column=None)
    assert [(review.id, review.split) for review in reviews] == [
        ("a/1.csv, line 2", "train"),
        ("a/2.csv, line 2", "train"),
        ("b/1.csv, line 2", "test"),
        ("b/2.csv, line 2", "test"),
    ]
    for name in ("1.csv", "test.csv"):
        write(TABLE[:1], tmp_path / name)
    reviews = read(tmp_path, train="*.csv", test="test.csv", split_column=None)
    assert [(review.id, review.split) for review in reviews] == [
        ("1.csv, line 2", "train"),
        ("test.csv, line 2", "test"),
    ]
    assert "*.tsv matches no files" in error_message(tmp_path, train="*.tsv")


def test_unusable_rows_are_counted_by_reason(tmp_path: Path) -> None:
    rows = [("Fine.", "good", "dev"), ("Fine.", "meh", "train"), ("", "good", "test")]
    table = pd.concat([TABLE, pd.DataFrame(rows, columns=["text", "label", "split"])] * 2)
    write(table, tmp_path / "reviews.csv")
    files = LabelledFiles(Csv.model_validate(LAYOUT | {"unusable": "skip"}), tmp_path)
    # A second reading does not count twice.
    for _ in range(2):
        assert len(list(files.read())) == 6
    assert list(files.skipped.values()) == [2, 2, 2]
    assert list(files.describe())[1] == (
        "skipped rows: 2 with another 'split' than train or test, 2 with another 'label', "
        "2 without 'text'"
    )


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "text": st.text() | st.none() | st.integers() | st.lists(st.text()),
                "label": st.sampled_from(["good", "bad"]) | st.text() | st.booleans(),
                "split": st.sampled_from(["train", "test"]) | st.floats() | st.text(),
            },
        )
    )
)
def test_any_json_lines_give_reviews_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("own")
    content = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "reviews.jsonl").write_text(content, encoding="utf-8")
    result = reviews_or_error(folder)
    if isinstance(result, str):
        assert result.startswith(f"{folder / 'reviews.jsonl'}, line ")
        assert "\n" not in result
    else:
        assert all(review.text.strip() and review.label in {0, 1} for review in result)
