"""Test `birnn data check`: statistics of a user's file, and settings that fit it."""

import shlex
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from birnn.cli import data
from birnn.core.errors import InputError
from birnn.core.settings import Csv, load
from tests.birnn.cli.conftest import invoke
from tests.projects import copy_settings, set_settings

TEXTS = ["word " * (number % 5) + f"word{number}" for number in range(40)]
LABELS = ([1] * 4 + [0] * 4) * 5
SPLIT = ["train", "test"] * 20
OWN = Path("data/own/reviews.csv")


check = partial(invoke, "data", "check")


@pytest.fixture(autouse=True)
def own_folder(empty_project: Path) -> None:
    """Enter a project with the default settings and a folder for the user's files."""
    OWN.parent.mkdir(parents=True)
    copy_settings(empty_project)


def labelled(positive: Any = "positive", negative: Any = "negative", **more: Any) -> pd.DataFrame:
    labels = [positive if label else negative for label in LABELS]
    return pd.DataFrame({"text": TEXTS, "label": labels} | more)


def suggest(table: pd.DataFrame, **settings: Any) -> dict[str, Any]:
    """Return the suggested changes of settings."""
    table.to_csv("reviews.csv", index=False)
    csv = Csv.model_validate(load().csv.model_dump() | settings)
    changes = data.suggest(csv, Path())
    return {name: value for name, value in changes.items() if value != getattr(csv, name)}


def follow(output: str) -> None:
    """Copy the files and change the settings, as the output suggests."""
    # DVC takes half a second to import.
    from dvc.utils.hydra import apply_overrides  # noqa: PLC0415

    copy, command = (line.partition(": ")[2] for line in output.splitlines() if ", run: " in line)
    apply_overrides("params.yaml", shlex.split(command)[4::2])  # as `dvc exp run` does
    subprocess.check_call(shlex.split(copy))


def row(output: str, name: str) -> list[str]:
    """Return the values of a row of the table, of the training split first."""
    line = next(line for line in output.splitlines() if line.startswith(f"{name} "))
    return line.removeprefix(name).split()


def test_statistics_of_a_file_that_fits() -> None:
    texts = [f"word{number} " * count for number, count in enumerate([1, 2, 3, 200, 5, 6, 1, 1])]
    table = pd.DataFrame({"text": texts, "label": ["Positive", "neGative"] * 4})
    table["split"] = ["train"] * 6 + ["test", "Test"]
    table["film"] = [f"film {number // 4}" for number in range(8)]
    table.to_csv(OWN, index=False)
    set_settings(Path(), {"csv.group_column": "film"})
    output = check()
    assert "do not fit" not in output
    assert row(output, "reviews") == ["6", "2"]
    assert row(output, "groups, such as films") == ["2", "1"]
    assert row(output, "truncated at pad.maxlen 100") == ["16.7%", "0.0%"]
    assert "With pad.maxlen=160, at most 5%" in output
    assert output.endswith("dvc exp run -S fetch.source=csv\n")


def test_suggested_command_fits_the_file() -> None:
    table = labelled(5, 1, verified=[True, False] * 20)
    table = table.rename(columns={"text": "Review, full", "label": "Stars (1–5)"})
    table = table[["verified", "Stars (1–5)", "Review, full"]]
    table.loc[3, "Stars (1–5)"] = 3
    file = Path("other/my reviews.csv")
    file.parent.mkdir()
    table.to_csv(file, sep=";", index=False)
    output = check(file)
    assert "has no column 'text'" in output
    assert "skipped rows: 1 with another 'Stars (1–5)'" in output
    follow(output)
    fitting = check()
    assert "do not fit" not in fitting
    assert row(fitting, "reviews") == row(output, "reviews")
    assert load().csv.text_column == "Review, full"
    assert load().csv.positive == [4, 5]


@pytest.mark.parametrize(
    ("train", "test"),
    [("all.csv", "test set.csv"), ("parts", "held out"), ("train-*.csv", "test-*.csv")],
)
def test_suggested_copy_includes_test_files(train: str, test: str) -> None:
    folder = Path("other")
    for name, rows in ((train, slice(0, 24)), (test, slice(24, 40))):
        parts = name.replace("*", "1") if "." in name else f"{name}/part.csv"
        (folder / parts).parent.mkdir(parents=True, exist_ok=True)
        labelled()[rows].to_csv(folder / parts, index=False)
    set_settings(Path(), {"csv.split_column": "null", "csv.test": f'"{test}"'})
    output = check(folder / train)
    assert row(output, "reviews") == ["24", "16"]
    follow(output)
    assert row(check(), "reviews") == ["24", "16"]


@pytest.mark.parametrize(
    ("positive", "negative", "expected"),
    [
        ("positive", "negative", {}),
        ("Pos", "Neg", {"positive": "pos", "negative": "neg"}),
        (True, False, {"positive": "true", "negative": "false"}),
        (1, -1, {"positive": [1], "negative": [-1]}),
        (5, 1, {"positive": [4, 5], "negative": [1, 2]}),
        (9.0, 2.0, {"positive": [7, 8, 9, 10], "negative": [0, 1, 2, 3, 4]}),
    ],
)
def test_labels_are_suggested(positive: Any, negative: Any, expected: dict[str, Any]) -> None:
    assert suggest(labelled(positive, negative, split=SPLIT)) == expected


def test_files_without_labels_or_header_are_refused() -> None:
    for content, expected in (
        (labelled("happy", "sad").to_csv(), "the labels are happy, sad: set"),
        (labelled("a", "b")[["text"]].to_csv(), "no column that looks like a label"),
        (labelled().to_csv(header=False, index=False), "first row has the label 'positive'"),
    ):
        Path("reviews.csv").write_text(content)
        with pytest.raises(InputError, match=expected):
            check("reviews.csv")


@pytest.mark.parametrize(
    ("column", "values", "settings", "expected"),
    [
        ("split", ["train", "val", "test", "train"], {}, {"test": "test"}),
        ("Fold", ["Train", "Test"], {}, {"split_column": "Fold"}),
        ("page", ["a", "b"], {}, {"split_column": None, "test": 0.2}),
        # An existing test file is not replaced by a random split.
        ("page", ["a", "b"], {"split_column": None, "test": "reviews.csv"}, {}),
        ("split", ["train", "test"], {"delimiter": ";"}, {"delimiter": "auto"}),
    ],
)
def test_split_and_format_are_suggested(
    column: str, values: list[str], settings: dict[str, Any], expected: dict[str, Any]
) -> None:
    table = labelled(**{column: values * (40 // len(values))})
    assert suggest(table, **settings) == expected
