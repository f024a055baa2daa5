"""Test `birnn data check`: statistics of a user's file, and settings that fit it."""

import re
import shlex
import shutil
from decimal import Decimal
from functools import partial
from operator import mul
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from birnn.core.errors import InputError
from birnn.core.settings import Csv, load
from birnn.core.yaml_files import parse_yaml
from birnn.use import check_data
from tests.birnn.use.conftest import invoke
from tests.projects import copy_settings, set_settings

TEXTS = ["word " * (number % 5) + f"word{number}" for number in range(40)]
LABELS = ([1] * 4 + [0] * 4) * 5
SPLIT = ["train", "test"] * 20
OWN = Path("data/own/reviews.csv")
ONES, MIDDLE = {"positive": [1], "negative": [0]}, {"positive": ">4", "negative": "<4"}
TEXT, LIKED = {"text_column": "text"}, ONES | {"label_column": "liked"}


check = partial(invoke, "data", "check")


@pytest.fixture(autouse=True)
def own_folder(empty_project: Path) -> None:
    """Enter a project with the default settings and a folder for the user's files."""
    OWN.parent.mkdir(parents=True)
    copy_settings(empty_project)


def labelled(positive: Any = "positive", negative: Any = "negative", **more: Any) -> pd.DataFrame:
    labels = [positive if label else negative for label in LABELS]
    return pd.DataFrame({"text": TEXTS, "label": labels} | more)


in_splits = partial(labelled, split=SPLIT)


def suggest(table: pd.DataFrame, **settings: Any) -> dict[str, Any]:
    table.to_csv("reviews.csv", index=False)
    Path("test.csv").write_text("other\n1\n", encoding="utf-8")
    csv = Csv.model_validate(load().csv.model_dump() | settings)
    changes = check_data.suggest(csv, Path())
    return {name: value for name, value in changes.items() if value != getattr(csv, name)}


def follow(output: str, folder: Path) -> None:
    """Copy the files of a folder and change the settings, as the output suggests."""
    # DVC takes half a second to import.
    from dvc.utils.hydra import apply_overrides  # noqa: PLC0415

    if "First, copy the files" in output:
        shutil.copytree(folder, OWN.parent, dirs_exist_ok=True)
    command = output.partition("To train, run: ")[2]
    apply_overrides("params.yaml", shlex.split(command)[4::2])  # as `dvc exp run` does


def row(output: str, name: str) -> list[str]:
    """Return the values of a row of the table, of the training split first."""
    line = next(line for line in output.splitlines() if line.startswith(f"{name} "))
    return line.removeprefix(name).split()


STARS = [f"{n % 2};{3 if n == 3 else 1 + 4 * LABELS[n]};{text}" for n, text in enumerate(TEXTS)]
# Sorted by label, so that the first rows have only one.
SPAM = sorted(f"{'ham' if n % 3 else 'spam'},Costs £{n},,," for n in range(1_500))
SCORES = [f"{number}\t{number % 7 - 2.5}\t{text}" for number, text in enumerate(TEXTS[:36])]
# The quotes swallow three lines.
QUOTES = [*SCORES, '36\t2.5\t"a', "37\t2.5\tb", "38\t2.5\tc", '39\t2.5\td"']
NO_QUOTES = {"columns": ["column1", "label", "text"], "quoting": "none", "negative": "<0"}


@pytest.mark.parametrize(
    ("file", "lines", "sizes", "expected"),
    [
        (
            "other/my reviews.csv",
            ["verified;Stars (1–5);Review, full", *STARS],
            ["31", "8"],
            {"text_column": "Review, full", "positive": [4, 5], "unusable": "skip"},
        ),
        (
            "other/a.csv",
            ["v1,v2,,,", *SPAM],
            ["1,200", "300"],
            {"text_column": "v2", "positive": "spam"},
        ),
        ("data/own/a.tsv", QUOTES, ["32", "8"], NO_QUOTES),
        ("data/own/a.csv", [line.replace("\t", "|") for line in QUOTES], ["32", "8"], NO_QUOTES),
    ],
)
def test_suggested_command_fits_the_file(
    file: str, lines: list[str], sizes: list[str], expected: dict[str, Any]
) -> None:
    Path("other").mkdir()
    Path(file).write_text("\n".join(lines), encoding="cp1252")
    output = check(file, status=1)
    follow(output, Path(file).parent)
    assert row(check(), "reviews") == row(output, "reviews") == sizes
    assert load().csv.model_dump().items() >= expected.items()


@pytest.mark.parametrize(
    ("more", "option", "expected"),
    [
        ({"text": ["a b c"] * 40}, "csv.seed=1", "20 test reviews are copies of training reviews"),
        ({}, "pad.num_words=99", "20 test reviews: accuracy is uncertain by up to ±22 points"),
        ({}, "pad.maxlen=2", r"80% of train is truncated: pad\.maxlen=10 .* 5\.0 times as long"),
        ({}, "pad.num_words=5", r"66\.7% of the words in test are known: raise pad\.num_words"),
        ({"text": ["a b c"] * 40}, "csv.seed=1", "2 texts have both labels"),
        ({"text": ["a b c"] * 40}, "csv.seed=1", "words have 1 letters"),
        ({"label": ["positive"] * 2 + ["negative"] * 38}, "csv.seed=1", "the smaller class has 5"),
    ],
)
def test_warnings(more: dict[str, Any], option: str, expected: str) -> None:
    in_splits(**more).to_csv(OWN, index=False)
    assert re.search(f"(?m)^warning: {expected}", check("-S", option))


def test_unlabelled_texts_are_counted() -> None:
    in_splits().to_csv(OWN, index=False)
    assert "csv.unlabelled" not in check()
    OWN.with_name("more.csv").write_text("text\na\nb\n", encoding="utf-8")
    assert "texts of csv.unlabelled: 2\n" in check("-S", "csv.unlabelled=more.csv")


def test_share_of_truncated_texts_is_measured() -> None:
    in_splits(text=["word " * 10_000] * 40).to_csv(OWN, index=False)
    assert "With pad.maxlen=10000, 100.0% of train would be truncated." in check()


@pytest.mark.parametrize(
    ("train", "test", "named"),
    [
        *[("all.csv", "test set.csv", True), ("parts", "held out", True)],
        *[("train-*.csv", "test-*.csv", True), ("a.b.csv", "Test.b.csv", False)],
    ],
)
def test_test_files_are_next_to_the_file(train: str, test: str, named: bool) -> None:  # noqa: FBT001
    folder = Path("other")
    for name, rows in ((train, slice(0, 24)), (test, slice(24, 40))):
        parts = name.replace("*", "1") if "." in name else f"{name}/part.csv"
        (folder / parts).parent.mkdir(parents=True, exist_ok=True)
        labelled()[rows].to_csv(folder / parts, index=False)
    if named:
        set_settings(Path(), {"csv.split_column": "null", "csv.test": f'"{test}"'})
    output = check(folder / train, status=not named)
    assert row(output, "reviews") == ["24", "16"]
    follow(output, folder)
    assert row(check(), "reviews") == ["24", "16"]


@pytest.mark.parametrize(
    ("table", "settings", "expected"),
    [
        (in_splits(), {}, {}),
        (in_splits(positive=True, negative=False), {}, {"positive": "true", "negative": "false"}),
        (in_splits().assign(label=[-1, 0, 1, 0] * 10), {}, {"positive": [1], "negative": [-1]}),
        (in_splits(5, 1), {}, {"positive": [4, 5], "negative": [1, 2]}),
        (in_splits("5 Stars", "1 star"), {}, {"positive": ["5 stars"], "negative": ["1 star"]}),
        (in_splits(2, 1), {}, {"positive": [2], "negative": [1]}),
        (in_splits(8.5, 0.5), {}, {"positive": ">4.5", "negative": "<4.5"}),
        (in_splits(9.0, 2.0), {}, {"positive": [7, 8, 9, 10], "negative": [0, 1, 2, 3, 4]}),
        (labelled(split=["train", "val", "test", "train"] * 10), {}, {"test": "test"}),
        (labelled(Fold=["Train", "Test"] * 20), {}, {"split_column": "Fold"}),
        (labelled(), {}, {"split_column": None, "test": 0.2}),
        (labelled(), {"split_column": None, "test": "reviews.csv"}, {}),  # a file that exists
        (in_splits(), {"delimiter": ";"}, {"delimiter": "auto"}),
        # Alternating labels, of which every second row is one class.
        (pd.concat([in_splits(1, 0).assign(label=[0, 1] * 20)] * 25), {}, ONES),
        (pd.concat([in_splits(1, 0)] * 5).assign(label=[-1, *[0, 1] * 99, 0]), {}, ONES),  # a stray
        (in_splits().assign(label=[-1, 1] + [0, 1] * 19), {}, ONES | {"negative": [-1]}),
        (in_splits().assign(label=[1, 2, 3, 4, 5, 6, 7, 7] * 5), {}, MIDDLE),
        (in_splits(url="https://a.example/" + "a" * 99), {"text_column": "a"}, TEXT),
        (in_splits(time="2021-05-01 12:30").assign(text="\u4f60"), {"text_column": "a"}, TEXT),
        (labelled(part=[0, 1] * 20), {"split_column": "part", "test": 0}, {}),
        (labelled(split=["train", "dev"] * 20), {}, {"test": "dev"}),
        (labelled(split=["Training", "Testing"] * 20), {}, {"test": "testing"}),
        # A test file of other data.
        (labelled(1, 0), {"test": "test.csv"}, ONES | {"split_column": None, "test": 0.2}),
        (labelled(), {"test": "reviews.csv"}, {"split_column": None}),
        (in_splits(1, 0, score=[1, 2] * 20).rename(columns={"label": "liked"}), {}, LIKED),
    ],
)
def test_settings_are_suggested(
    table: pd.DataFrame, settings: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert suggest(table, **settings) == expected


def test_numbers_of_databases_are_labels() -> None:
    in_splits(Decimal(1), Decimal(0)).to_parquet("reviews.parquet")
    assert "csv.positive=[1]" in check("reviews.parquet", status=1)


def test_folder_of_all_files_is_refused() -> None:
    labelled()[:20].to_csv("data/own/1.csv")
    labelled()[20:].to_csv("data/own/2.csv")
    for folder in (".", "data/own/"):
        with pytest.raises(InputError, match="is the folder of all files: name one") as caught:
            check(folder)
    assert row(check(shlex.split(str(caught.value))[-1], status=1), "reviews") == ["32", "8"]


def test_test_file_that_the_user_names_is_not_replaced() -> None:
    labelled(1, 0).to_csv("train.csv", index=False)
    labelled(1, 1).to_csv("test.csv", index=False)
    options = ("-S", "csv.split_column=null", "-S", "csv.test=test.csv", "-S", "csv.unusable=skip")
    with pytest.raises(InputError, match=r"the test split of train\.csv has 40 positive and 0 neg"):
        check("train.csv", *options)


def test_skipped_rows_may_be_the_reason_of_an_error() -> None:
    labelled("fresh", "rotten").to_csv("reviews.csv", index=False)
    options = ("-S", "csv.split_column=null", "-S", "csv.test=0.2", "-S", "csv.unusable=skip")
    reason = r"too few to split.*skipped rows: 40 \(20 labelled 'fresh', 20 labelled 'rotten'\)"
    with pytest.raises(InputError, match=reason):
        check("reviews.csv", *options)


def test_files_without_labels_are_refused() -> None:
    for content, expected in (
        (labelled("happy", "sad").to_csv(), "the labels are happy, sad: name"),
        (labelled("good", "good").to_csv(), "all labels are good: add"),
        (in_splits(text=[*map(mul, TEXTS, LABELS)]).to_csv(), "and 0 neg.* without 'text'"),
        (labelled()[["label"]].to_csv(), "no column of texts"),
        (labelled("a", "b")[["text"]].to_csv(), "no column that looks like a label"),
    ):
        Path("reviews.csv").write_text(content)
        with pytest.raises(InputError, match=expected):
            check("reviews.csv")
    for file, options in {"reviews.csv": [], "b.csv": ["-S", "csv.positive=*it's"]}.items():
        labelled("*it's", "sad").to_csv(file)
        with pytest.raises(InputError, match="as in -S ") as caught:
            check(file, *options)
        option = shlex.split(str(caught.value).partition("as in -S ")[2])[0].removesuffix(",")
        assert parse_yaml(option.removeprefix("csv.positive=")) == "*it's"
