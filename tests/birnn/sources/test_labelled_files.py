"""Tests of the user's own labelled text: files as people have them, and common mistakes."""

import gzip
import json
import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from birnn.reviews.corpus import Review
from birnn.reviews.hold_out import draw_stratified as draw
from birnn.runtime.errors import InputError
from birnn.sources.labelled_files import LabelledFiles, find_class
from birnn.sources.settings import Csv
from tests.projects import DEFAULTS, PROJECT, refusal

CSV = DEFAULTS.csv.model_dump()
TABLE = pd.DataFrame(
    [
        ("Dull, and long; a déjà vu.", "negative", "train"),
        ('A "joy"!', "positive", "train"),
        ("Très mauvais café,\nà éviter.", "negative", "test"),
        ("Fine.", "positive", "test"),
    ],
    columns=["text", "label", "split"],
)
BOOLEANS = TABLE.assign(label=TABLE["label"] == "positive")
NUMBERS = BOOLEANS.astype({"label": int})
ACCENTS = TABLE.replace("positive", "o\u0302")
MORE = pd.concat([TABLE.assign(text=TABLE["text"] + str(number)) for number in range(5)])
QUOTES = TABLE.assign(text=["Dull.", 'A "joy"!', '"Bad,', '"Fine."'])
UNQUOTED = "\n".join(["\t".join(QUOTES), *map("\t".join, QUOTES.to_numpy())])


def labelled_files(folder: Path, files: dict[str, bytes], **changes: Any) -> LabelledFiles:
    """Return the reader of the user's files; `train` is the first one, unless it is set."""
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    changes = {"train": next(iter(files))} | changes
    return LabelledFiles(Csv.model_validate(CSV | changes), folder)


def read(folder: Path, files: dict[str, bytes], **changes: Any) -> list[Review]:
    return list(labelled_files(folder, files, **changes).read())


def error_message(folder: Path, files: dict[str, bytes], **changes: Any) -> str:
    return refusal(read, folder, files, **changes).removeprefix(f"{folder}/")


def to_csv(table: pd.DataFrame = TABLE, encoding: str = "utf-8", **options: Any) -> bytes:
    text: str = table.to_csv(None, **({"index": False} | options))
    return text.encode(encoding)


def labelled(*labels: str | float | None) -> bytes:
    """Return a CSV file with other labels and an additional row."""
    return to_csv(pd.concat([TABLE, TABLE[:1]]).assign(label=labels))


def to_json(table: pd.DataFrame = TABLE) -> bytes:
    lines: str = table.to_json(None, orient="records", lines=True)
    return lines.encode()


EXCEL = {"encoding": "cp1252", "delimiter": ";"}
STARS = {"positive": [4, 5], "negative": [1, 2], "unusable": "skip"}
OTHERS_NEGATIVE = {"positive": "b", "negative": None, "unusable": "skip"}
SCORES = {"positive": ">0", "negative": "<0", "unusable": "skip"}
ZERO_ONE = {"positive": 1, "negative": 0}
TRUE_FALSE = {"positive": True, "negative": False}
VALIDATED = TABLE.assign(split=["train", "val", "test", "test"])
PARTS = {"reviews.csv": to_csv(TABLE[:2]), "test.csv": to_csv(TABLE[2:])}
PARQUET = {"train-0.parquet": NUMBERS[:2].to_parquet(), "test-0.parquet": NUMBERS[2:].to_parquet()}
PATTERNS = {"train": "train-*.parquet", "test": "test-*.parquet"}
SPLIT_IN_FILES: dict[str, Any] = {"split_column": None}


class Variant(NamedTuple):
    """Files as people have them, the settings that they need, and the reviews in them."""

    title: str
    files: dict[str, bytes]
    settings: Mapping[str, Any] = MappingProxyType({})
    reviews: pd.DataFrame = TABLE


LISTED = [
    Variant("Labels 0 and 1", {"reviews.csv": to_csv(NUMBERS)}, ZERO_ONE),
    Variant("1 to 5 stars", {"reviews.csv": labelled(1, 4, 2, 5, 3)}, STARS),
    Variant("No split", {"reviews.csv": to_csv(MORE)}, SPLIT_IN_FILES | {"test": 0.2}, MORE),
    Variant("Split with a validation part", {"reviews.csv": to_csv(VALIDATED)}, {"test": "test"}),
    Variant("One file per split", PARTS, SPLIT_IN_FILES | {"test": "test.csv"}),
    Variant("Parquet by Hugging Face *datasets*", PARQUET, SPLIT_IN_FILES | ZERO_ONE | PATTERNS),
]
OTHERS = [
    Variant("Excel", {"a.csv": to_csv(sep=";", encoding="cp1252")}, EXCEL),
    Variant("Index, mark", {"a.csv": to_csv(index=True, encoding="utf-8-sig")}),
    Variant("5.0 stars", {"a.csv": labelled(1.0, 4.0, 2.0, 5.0, None)}, STARS),
    Variant("Categories", {"a.parquet": TABLE.astype("category").to_parquet(None)}),
    Variant("JSON booleans", {"a.jsonl": to_json(BOOLEANS)}, TRUE_FALSE),
    Variant("Accents", {"a.csv": to_csv(ACCENTS)}, {"positive": "\u00f4"}),
    Variant("Numbers as text", {"a.csv": to_csv(NUMBERS)}, {"positive": "1", "negative": "0"}),
    Variant("zstandard", {"a.jsonl.zst": pa.compress(to_json(), "zstd", asbytes=True)}),
    Variant("No header", {"a.csv": to_csv(header=False)}, {"columns": [*TABLE]}),
    Variant("Comparisons", {"a.csv": labelled(-0.5, 2.25, -4, 0.5, 0)}, SCORES),
    Variant("No quotes", {"a.tsv": UNQUOTED.encode()}, {"quoting": "none"}, QUOTES),
    Variant("Against others", {"a.csv": labelled("a", "b", "c", "B ", "")}, OTHERS_NEGATIVE),
    Variant("Brackets", {"a[1].csv": to_csv()}),
    Variant("gzip", {"a.csv.gz": gzip.compress(to_csv())}),
]


@pytest.mark.parametrize("variant", [*LISTED, *OTHERS], ids=lambda variant: variant.title)
def test_file_is_read(tmp_path: Path, variant: Variant) -> None:
    reviews = read(tmp_path, variant.files, **variant.settings)
    assert [review.text for review in reviews] == variant.reviews["text"].tolist()
    is_positive = variant.reviews["label"] == "positive"
    assert [review.label for review in reviews] == is_positive.tolist()
    splits = [review.split for review in reviews]
    if "test" in variant.settings:
        assert set(splits) == {"train", "test"}
    else:
        assert splits == variant.reviews["split"].tolist()


@pytest.mark.parametrize("variant", LISTED, ids=lambda variant: variant.title)
def test_row_in_the_docs_is_up_to_date(variant: Variant) -> None:
    settings = ", ".join(
        f"`csv.{name}={'null' if value is None else json.dumps(value).strip(chr(34))}`"
        for name, value in variant.settings.items()
    )
    row = f"| {variant.title} | {settings} |"
    assert row in (PROJECT / "docs" / "own-data.md").read_text(encoding="utf-8").splitlines()


def test_ids_and_groups(tmp_path: Path) -> None:
    table = TABLE.assign(name=list("abcd"), film=list("xxyy"))
    reviews = read(tmp_path, {"a.csv": to_csv(table)}, id_column="name", group_column="film")
    assert [review.id + review.group for review in reviews] == ["ax", "bx", "cy", "dy"]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [("label", f"meh\n{'x' * 200}", "labelled 'meh"), ("split", "dev", "in the split 'dev'")],
)
def test_invalid_value_is_named(tmp_path: Path, column: str, value: str, expected: str) -> None:
    table = TABLE.copy()
    table.loc[1, column] = value
    message = error_message(tmp_path, {"a.csv": to_csv(table)})
    assert message.startswith(f"a.csv, row 2 is {expected}")
    assert len(message) < 200 + len(str(tmp_path))


@pytest.mark.parametrize(
    ("positive", "negative", "label"),
    [
        (">=3", "<=3", "3.0"),
        (["a", "5"], ["<2", ">=4"], "5"),
        (4, ["4.0", 5], "4"),
        ("A", "a ", "a"),
    ],
)
def test_label_of_both_classes_is_refused(positive: Any, negative: Any, label: str) -> None:
    csv = DEFAULTS.csv.model_copy(update={"positive": positive, "negative": negative})
    with pytest.raises(InputError, match=r"csv\.positive and csv\.negative both match "):
        find_class(csv, label)


@pytest.mark.parametrize("column", ["text", "label", "split", "name", "film"])
@pytest.mark.parametrize("value", [["a"], {"a": 1}, None, math.nan, " \t", "\ud800"])
def test_value_that_is_not_text_is_named(tmp_path: Path, column: str, value: Any) -> None:
    row = {"text": 5, "label": "positive", "split": "train", "name": 6, "film": 7, column: value}
    files = {"a.jsonl": json.dumps(row).encode()}
    message = error_message(tmp_path, files, id_column="name", group_column="film")
    assert message.startswith("a.jsonl, row 1 is without ")
    assert f"'{column}'" in message


def test_missing_column_or_file_is_named(tmp_path: Path) -> None:
    files = {"a.csv": to_csv()}
    assert "*.tsv matches no files" in error_message(tmp_path, files, train="*.tsv")
    for outside in (f"{tmp_path}/a.csv", f"{tmp_path}/*.csv", ".."):
        message = error_message(tmp_path, files, split_column=None, test=outside)
        assert message.endswith(f" is not in {tmp_path}: copy it there")
    message = error_message(tmp_path, files, split_column=None, test="a.csv")
    assert message == "csv.train (a.csv) matches only files of csv.test (a.csv)"
    message = error_message(tmp_path, {"a.jsonl": to_json()}, label_column="stars")
    assert message == "a.jsonl, row 1 is without 'stars'"


@pytest.mark.parametrize(("column", "group_column"), [("text", None), ("film", "film")])
def test_random_split_keeps_equal_texts_or_groups_together(
    tmp_path: Path, column: str, group_column: str | None
) -> None:
    numbers = [*range(30), *range(30)]
    table = pd.DataFrame({"text": [f"text {number}" for number in numbers], "film": numbers[::-1]})
    table["label"] = ["positive" if number % 2 else "negative" for number in numbers]
    changes = {"split_column": None, "test": 0.2, "group_column": group_column}
    splits = [review.split for review in read(tmp_path, {"a.csv": to_csv(table)}, **changes)]
    assert splits.count("test") == 12
    assert table.assign(split=splits).groupby(column)["split"].nunique().eq(1).all()


def test_groups_stay_together_and_are_balanced() -> None:
    # Groups with three of six positive reviews count as positive, groups with two do not.
    groups = np.repeat(np.arange(10, dtype=np.uint64), 6)
    labels = (np.arange(60) % np.where(groups % 2, 3, 2) == 0).astype(np.uint8)
    drawn, again, *others = (draw(labels, groups, 0.4, seed, "csv.test") for seed in (0, 0, 1, 2))
    assert np.unique(groups[drawn] % 2, return_counts=True)[1].tolist() == [12, 12]
    assert not set(groups[drawn]) & set(groups[~drawn])
    assert np.array_equal(drawn, again)
    assert not all(np.array_equal(drawn, other) for other in others)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_too_few_reviews_are_refused(count: int) -> None:
    labels, groups = np.array([1, 0, 1], np.uint8), np.arange(3, dtype=np.uint64)
    with pytest.raises(InputError, match="too few different texts or groups"):
        draw(labels[:count], groups[:count], 0.2, 0, "csv.test")


def test_parts_have_different_ids_and_test_files_are_not_training_files(tmp_path: Path) -> None:
    names = ("1.csv", "2.csv", "1.csv.dvc", ".hidden.csv", "_SUCCESS", "README.md")
    parts = {f"{folder}/{name}": to_csv(TABLE[:1]) for folder in ("a", "b") for name in names}
    (tmp_path / "a" / "folder.csv").mkdir(parents=True)
    reviews = read(tmp_path, parts, train="a", test="b", split_column=None)
    ids = [f"{folder}/{name}, row 1" for folder in ("a", "b") for name in names[:2]]
    assert [review.id for review in reviews] == ids
    assert len({review.group for review in reviews}) == 1  # equal texts
    assert [review.split for review in reviews] == ["train", "train", "test", "test"]
    both = dict.fromkeys(["1.csv", "test.csv"], to_csv(TABLE[:2]))
    for train in ("*.csv", "**.csv", "**"):
        reviews = read(tmp_path, both, train=train, test="test.csv", split_column=None)
        assert [review.split for review in reviews] == ["train", "train", "test", "test"]


def test_unusable_rows_are_counted_by_reason(tmp_path: Path) -> None:
    rows = [("Fine. ", "positive", "dev"), ("Fine.", "meh", "train"), ("", "positive", "test")]
    table = pd.concat([TABLE, pd.DataFrame(rows, columns=TABLE.columns)] * 2)
    content = to_csv(table) + b"a,b,c,d\n"
    files = labelled_files(tmp_path, {"a.csv": content}, unusable="skip")
    # A second reading does not count twice.
    for _ in range(2):
        assert len(list(files.read())) == 2 * len(TABLE)
    reasons = "3 without 'text', 2 in the split 'dev', neither train nor test, 2 labelled 'meh'"
    assert list(files.describe()) == [f"skipped rows: 7 ({reasons})"]


def test_unlabelled_texts_may_be_next_to_labelled_ones(tmp_path: Path) -> None:
    files = {"a.csv": to_csv(), "b.csv": to_csv(pd.DataFrame({"text": ["Fine.", "New.", None]}))}
    own = labelled_files(tmp_path, files, train="*.csv", unlabelled="b.csv")
    assert [review.text for review in own.read()] == TABLE["text"].tolist()
    assert list(own.read_unlabelled()) == ["Fine.", "New."]
    for name in ("a.csv", "[a-b].csv"):
        same = labelled_files(tmp_path, files, unlabelled=name)
        texts = [review.text for review in same.read()]
        assert texts == TABLE["text"].tolist() == [*same.read_unlabelled()][: len(TABLE)]
