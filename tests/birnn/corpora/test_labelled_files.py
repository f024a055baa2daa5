"""The user's own labelled text, in every layout, and the mistakes that people make."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from birnn.core.errors import InputError
from birnn.core.settings import Csv
from birnn.corpora import labelled_files
from birnn.corpora.review import Review

LAYOUT = {
    "train": "reviews.csv",
    "test": None,
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
    return list(labelled_files.read(Csv.model_validate(LAYOUT | layout), folder))


def refusal(folder: Path, **layout: Any) -> str:
    with pytest.raises(InputError) as error:
        read(folder, **layout)
    assert "\n" not in str(error.value)
    return str(error.value).removeprefix(f"{folder}/")


def reviews_or_mistake(folder: Path) -> list[Review] | str:
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


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
def test_one_file_with_a_split_column(tmp_path: Path, ending: str) -> None:
    name = f"reviews.{ending}"
    write(TABLE, tmp_path / name)
    reviews = read(tmp_path, train=name, id_column="name", group_column="film")
    assert [(found.split, found.id, found.group, found.label) for found in reviews] == [
        ("train", "a", "one", 0),
        ("train", "b", "one", 1),
        ("test", "c", "two", 1),
    ]
    assert [found.text for found in reviews] == TABLE["text"].tolist()


def test_a_file_a_split_without_ids_or_groups(tmp_path: Path) -> None:
    table = TABLE[["text", "label"]]
    write(table, tmp_path / "train.csv")
    write(table[1:], tmp_path / "test.jsonl")
    reviews = read(tmp_path, train="train.csv", test="test.jsonl", split_column=None)
    assert [(found.split, found.id) for found in reviews] == [
        ("train", "train.csv, line 2"),
        ("train", "train.csv, line 3"),
        ("train", "train.csv, line 4"),
        ("test", "test.jsonl, line 1"),
        ("test", "test.jsonl, line 2"),
    ]
    assert all(found.group == found.id for found in reviews)


@pytest.mark.parametrize(
    ("labels", "positive", "negative"),
    [([0, 1, 1], 1, 0), ([False, True, True], True, False), (["☹", "☺", "☺"], "☺", "☹")],
)
@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_labels_are_any_two_values(
    tmp_path: Path, labels: list[Any], positive: Any, negative: Any, ending: str
) -> None:
    name = f"reviews.{ending}"
    write(TABLE.assign(label=labels), tmp_path / name)
    reviews = read(tmp_path, train=name, positive=positive, negative=negative)
    assert [found.label for found in reviews] == [0, 1, 1]


def test_numbers_in_csv_are_text_in_the_file_and_numbers_in_the_settings(tmp_path: Path) -> None:
    write(TABLE.assign(label=[1, 5, 5]), tmp_path / "reviews.csv")
    assert [found.label for found in read(tmp_path, positive=5, negative=1)] == [0, 1, 1]
    assert [found.label for found in read(tmp_path, positive="5", negative="1")] == [0, 1, 1]


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
def test_a_bad_value_is_named(tmp_path: Path, column: str, value: str, expected: str) -> None:
    table = TABLE.copy()
    table.loc[1, column] = value
    write(table, tmp_path / "reviews.csv")
    assert refusal(tmp_path, id_column="name", group_column="film").startswith(expected)


def test_a_missing_column_or_file_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "reviews.csv is missing, or no file"
    write(TABLE, tmp_path / "reviews.csv")
    message = refusal(tmp_path, label_column="stars")
    assert message == "reviews.csv has 0 columns 'stars'; there are: text, label, split, name, film"


@pytest.mark.parametrize("text", [["a"], {"a": 1}, None])
def test_a_text_that_is_no_text_is_named(tmp_path: Path, text: Any) -> None:
    row = {"text": text, "label": "good", "split": "train"}
    (tmp_path / "reviews.jsonl").write_text(json.dumps(row), encoding="utf-8")
    message = refusal(tmp_path, train="reviews.jsonl")
    assert message.startswith("reviews.jsonl, line 1, column 'text' is ")


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
def test_any_json_lines_are_reviews_or_one_clear_mistake(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("own")
    content = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "reviews.jsonl").write_text(content, encoding="utf-8")
    found = reviews_or_mistake(folder)
    if isinstance(found, str):
        assert found.startswith(f"{folder / 'reviews.jsonl'}, line ")
        assert "\n" not in found
    else:
        assert all(one.text.strip() and one.label in {0, 1} for one in found)
