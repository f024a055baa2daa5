"""Test `birnn data check`: settings that fit a user's file, and warnings about it."""

import re
import shlex
import shutil
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from birnn.core.paths import PARAMS
from birnn.core.yaml_files import read_yaml
from birnn.runtime.errors import InputError
from birnn_apps import check_data
from tests.birnn_apps.conftest import invoke
from tests.projects import AllSettings, check_all, copy_settings, set_settings

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


def load() -> AllSettings:
    return check_all(read_yaml(PARAMS), PARAMS.name)


def labelled(positive: Any = "positive", negative: Any = "negative", **more: Any) -> pd.DataFrame:
    labels = [positive if label else negative for label in LABELS]
    return pd.DataFrame({"text": TEXTS, "label": labels} | more)


in_splits = partial(labelled, split=SPLIT)


def columns(**values: Any) -> pd.DataFrame:
    """Return texts in splits, and columns that repeat values, all of them in both splits."""
    repeated = {
        name: [each[n // 2 % len(each)] for n in range(40)] for name, each in values.items()
    }
    return pd.DataFrame({"text": TEXTS, "split": SPLIT} | repeated)


def follow(output: str, folder: Path = OWN.parent) -> dict[str, Any]:
    """Copy the files of a folder and change the settings as the output suggests; return them."""
    if "First, copy the files" in output:
        shutil.copytree(folder, OWN.parent, dirs_exist_ok=True)
    options = shlex.split(output.partition("To train, run: ")[2])[4::2]
    set_settings(Path(), dict(option.split("=", 1) for option in options))
    return load().csv.model_dump()


def row(output: str, name: str) -> list[str]:
    """Return the values of a row of the table, of the training split first."""
    line = next(line for line in output.splitlines() if line.startswith(f"{name} "))
    return line.removeprefix(name).split()


STARS = [f"{n % 2};{3 if n == 3 else 1 + 4 * LABELS[n]};{text}" for n, text in enumerate(TEXTS)]
STARS.insert(0, "verified;Stars (1–5);Review, full")
# Sorted by label, so that the first rows have only one.
SPAM = sorted(f"{'ham' if n % 3 else 'spam'},Costs £{n},,," for n in range(1_500))
# The quotes swallow three lines.
QUOTES = [f"{n}\t{LABELS[n]}\tfine {text}" for n, text in enumerate(TEXTS[:36])]
QUOTES += ['36\t1\t"a', "37\t1\tb", "38\t1\tc", '39\t1\td"']
# Texts of two lines, which are no ragged rows.
LINES = ["text;label", *(f'"{text}\nand more";{LABELS[n]}' for n, text in enumerate(TEXTS))]
# A text with the delimiter, and one that ends with a quote.
RAGGED = ["text|label", "a|b|1", '"a" b|0', *(f"{TEXTS[n]}|{LABELS[n]}" for n in range(38))]
NO_QUOTES = {"columns": ["column1", "column2", "column3"], "quoting": "none", "negative": 0}


@pytest.mark.parametrize(
    ("file", "lines", "sizes", "expected"),
    [
        ("other/my reviews.csv", STARS, ["31", "8"], {"text_column": "Review, full"}),
        ("other/a.csv", ["v1,v2,,,", *SPAM], ["1,200", "300"], {"positive": "spam"}),
        ("data/own/a.tab", QUOTES, ["32", "8"], NO_QUOTES),
        ("data/own/a.csv", LINES, ["32", "8"], {"quoting": "minimal", "unusable": "refuse"}),
        ("data/own/a.csv", RAGGED, ["31", "8"], {"quoting": "none", "unusable": "skip"}),
    ],
)
def test_suggested_command_fits_the_file(
    file: str, lines: list[str], sizes: list[str], expected: dict[str, Any]
) -> None:
    Path("other").mkdir()
    Path(file).write_text("\n".join(lines), encoding="cp1252")
    output = check(file)
    assert follow(output, Path(file).parent).items() >= expected.items()
    assert load().pad.validation == 0.2
    assert load().baseline.weighting == "tf-idf"
    assert row(check(), "reviews") == row(output, "reviews") == sizes


TWICE = ({"text": ["a b c"] * 40}, "csv.seed=1")
RARE = {"label": ["positive"] * 2 + ["negative"] * 38}


@pytest.mark.parametrize(
    ("more", "option", "expected"),
    [
        (*TWICE, "20 test .* copies of training reviews: remove reviews.csv, row 2, "),
        (*TWICE, "40 rows have texts with both labels: remove reviews.csv, row 1, "),
        ({}, "pad.num_words=99", "20 test reviews: accuracy is uncertain by up to ±22 points"),
        ({}, "pad.maxlen=2", r"pad.maxlen=10 .*0% .*\(2: 80%\).* 5\.0 times as long"),
        ({}, "pad.maxlen=1000", r"pad.maxlen=10 .*100\.0 times as fast"),
        ({}, "pad.num_words=5", r"66\.7% of the words in test are known: raise pad.num_words"),
        ({}, "pad.num_words=99", r"66\.7% of the words in test are known: add texts"),
        (RARE, "csv.seed=1", "5.0% are of the rarer class: see its scores in birnn results"),
    ],
)
def test_warnings(more: dict[str, Any], option: str, expected: str) -> None:
    in_splits(**more).to_csv(OWN, index=False)
    assert re.search(f"(?m)^warning: {expected}", check("-S", option))


def test_text_without_spaces_gets_ngrams_and_unlabelled_texts_are_counted() -> None:
    texts = [*["สนุก"] * 4, *(f"สนุกมาก{number}" for number in range(36))]  # copies, one label
    in_splits(text=texts).to_csv(OWN, index=False)
    output = check()
    assert " -S baseline.ngrams=4" in output
    assert "copies of training reviews" in output
    assert "texts with both labels" not in output
    output = check("-S", "baseline.ngrams=2", "-S", "csv.unlabelled=reviews.csv")
    assert "texts of csv.unlabelled: 40\n" in output
    assert "-S baseline.ngrams" not in output


@pytest.mark.parametrize(
    ("train", "test", "named"),
    [
        *[("all.csv", "test set.csv", True), ("parts", "held out", True)],
        *[("train-*.csv", "test-*.csv", False), ("a.b.csv", "Test.b.csv", False)],
        *[("X-train.tsv", "X-test.tsv", False), ("a.csv", "a_test.csv", False)],
    ],
)
def test_test_files_are_next_to_the_file(train: str, test: str, named: bool) -> None:  # noqa: FBT001
    folder = Path("other")
    for name, rows in ((train, slice(0, 24)), (test, slice(24, 40))):
        parts = name.replace("*", "1") if "." in name else f"{name}/part.csv"
        (folder / parts).parent.mkdir(parents=True, exist_ok=True)
        labelled("ja", "nee")[rows].to_csv(folder / parts, index=False)
    if named:
        set_settings(Path(), {"csv.split_column": "null", "csv.test": f'"{test}"'})
    output = check(folder / train)
    assert row(output, "reviews") == ["24", "16"]
    follow(output, folder)
    assert row(check(), "reviews") == ["24", "16"]


DRAWN = {"split_column": None, "test": 0.2}


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (columns(sentimiento=["positivo", "negativo", "positivo"]), "positivo negativo"),
        (columns(oordeel=["nee", "ja", "nee"]), "ja nee"),  # the rarer one is positive
        (columns(ป้าย=["ลบ", "ลบ", "บวก"]), "บวก ลบ"),
        (columns(age=["adult", "children", "Adult"]), "children adult"),
        (columns(answer=[True, False, True]), "True False"),
        (columns(answer=["no", "no", "yes"]).assign(label="about docs"), "yes no"),
        (columns(**{"class": ["a", "b", "a"], "verified": ["y", "n"]}), "b a"),
        (columns(label=[1.0, 0.0, 1.0]), {"positive": 1, "negative": 0}),
        (columns(liked=[-1, 1, 1]), {"positive": 1, "negative": -1}),
        (columns(stars=range(1, 6)), {"positive": [4, 5], "negative": [1, 2], "unusable": "skip"}),
        (columns(Rating=["1 star", "5 Stars", "4.0"]), {"positive": [4, "5 Stars"]}),
        (columns(score=[8.0, 10.0, 3.0]), {"positive": [8, 10], "negative": [3]}),
        (labelled(split=["train", "val", "test", "train"] * 10), {"test": "test"}),
        (labelled(Fold=["Train", "Test"] * 20), {"split_column": "Fold", "test": None}),
        (labelled(split=["Training", "Testing"] * 20), {"test": "Testing"}),
        (labelled(split="train"), DRAWN),
        (labelled(), DRAWN),  # next to a test file of other data
        (in_splits(url="https://a.example/" + "a" * 99), {"text_column": "review"}),
        (in_splits(time="2021-05-01 12:30", title="Fine"), {"text_column": "review"}),
    ],
)
def test_settings_are_suggested(table: pd.DataFrame, expected: Any) -> None:
    if "text_column" in expected:
        table = table.assign(review=["\u4f60"] * 20 + TEXTS[20:]).drop(columns="text")
    table.to_csv(OWN, index=False)
    OWN.with_name("test.csv").write_text("other\n1\n", encoding="utf-8")
    output = check()
    assert ("a fifth is drawn for testing" in output) == (expected == DRAWN)
    if isinstance(expected, str):
        named = ("label_column", "positive", "negative")
        expected = dict(zip(named, [table.columns[2], *expected.split()], strict=True))
    assert follow(output).items() >= expected.items()


@pytest.mark.parametrize(
    ("labels", "label"),
    [
        ({"klass": ["P", "N", "NEU", "NONE"]}, "klass"),
        ({"Score": [1, 2, 3, 4, 5], "Score text": ["good", "bad"]}, "…"),
        ({"Is retweet": [True, False], "by phone": ["yes", "no"]}, "…"),
        ({"topic": ["earn", "acq", *"abcdef"]}, "topic"),
        ({"category": [*range(1, 9)]}, "category"),
        ({"label": ["a", "b", "c"], "verified": ["y", "n"]}, "label"),
    ],
)
def test_unclear_labels_are_counted(labels: dict[str, list[Any]], label: str) -> None:
    table = columns(**labels)
    table.to_csv(OWN, index=False)
    output = check(status=1)
    for name in labels:
        for value, count in table[name].value_counts().items():
            assert re.search(rf"(?m)^  {name}: .*\b{value} \({count}\)", output)
    first, (positive, *_) = next(iter(labels.items()))
    command = output.splitlines()[-1]
    options = f"csv.label_column={label} -S csv.positive=… -S csv.negative=null"
    assert command.replace("'", "") == f"birnn data check -S {options}"
    complete = command.replace("column=…", f"column={first}").replace("…", str(positive))
    expected = {"label_column": first, "positive": positive, "negative": None}
    assert follow(check(*shlex.split(complete)[3:])).items() >= expected.items()


def test_more_labels_are_counted_if_they_are_frequent() -> None:
    topics = [f"topic {number % 24}" for number in range(120)]
    pd.DataFrame({"text": TEXTS * 3, "topic": topics}).to_csv(OWN, index=False)
    output = check(status=1)
    assert "  topic: topic 0 (5), topic 1 (5), " in output
    assert "csv.label_column=topic -S 'csv.positive=…'" in output.splitlines()[-1]


def test_settings_of_an_earlier_file_are_not_used() -> None:
    links = [f"https://t.co/{number}" for number in range(40)]
    tweets = pd.DataFrame({"tweet": TEXTS, "link": links, "spam": LABELS})
    tweets.to_csv(OWN.with_suffix(".tsv"), sep="\t", index=False)
    earlier = {"columns": "[text, label, more]", "positive": "[4, 5]", "group_column": "film"}
    earlier |= {"encoding": "utf-16", "split_column": "null", "test": "test-*.csv"}
    set_settings(Path(), {f"csv.{name}": value for name, value in earlier.items()})
    output = check("data/own/reviews.tsv", "-S", "csv.negative=0")
    unused = "csv.columns, csv.encoding, csv.group_column, csv.positive, csv.test"
    assert f"another file: {unused}.\n" in output
    expected = {"text_column": "tweet", "label_column": "spam", "positive": 1, "columns": None}
    assert follow(output).items() >= expected.items()


def test_folder_of_all_files_is_refused() -> None:
    labelled()[:20].to_csv("data/own/1.csv")
    labelled()[20:].to_csv("data/own/2.csv")
    for folder in (".", "data/own/"):
        with pytest.raises(InputError, match="is the folder of all files: name one") as caught:
            check(folder)
    assert row(check(shlex.split(str(caught.value))[-1]), "reviews") == ["32", "8"]


def test_options_are_not_changed(capsys: pytest.CaptureFixture[str]) -> None:
    labelled(Decimal(1), Decimal(0)).to_parquet("train.parquet")  # as databases write numbers
    labelled(1, 1).to_parquet("test.parquet")
    settings = ["csv.split_column=null", "csv.test=test.parquet", "csv.unusable=skip"]
    with pytest.raises(InputError, match=r"test split of train\.parquet has 40 positive and 0 neg"):
        check_data.check(Path("train.parquet"), settings)
    settings[1:] = ["csv.test=0.5", "csv.positive=0", "pad.validation=test"]
    assert check_data.check(Path("train.parquet"), settings)
    output = capsys.readouterr().out
    assert " -S csv.positive=0 -S csv.negative=null " in output
    assert row(output, "reviews") == ["20", "20"]
    assert "pad.validation" not in output
    settings[2] = "csv.positive=4"
    with pytest.raises(InputError, match="too few different texts or groups"):
        check_data.check(Path("train.parquet"), [*settings, "csv.negative=2"])
    # Skipped rows may be the reason.
    assert "skipped rows: 40 (20 labelled '1', 20 labelled '0')" in capsys.readouterr().out
    with pytest.raises(InputError, match="has 2 values"):
        check_data.check(None, ["csv.positive=0,1"])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (labelled("good", "good").to_csv(), "all labels are good: add"),
        (labelled()[["label"]].to_csv(), "no column 'text'; its columns are '', 'label'"),
        (
            labelled(Label="a")[["text", "Label"]].to_csv(),
            "no column 'label'; its columns are '', 'text', 'Label'",
        ),
        ("text,label\n", "has no rows"),
        ('{"id": 1, "review": {"text": "a b"}}', r"'review \(nested\)'"),
    ],
)
def test_files_without_texts_or_labels_are_refused(content: str, expected: str) -> None:
    file = OWN.with_suffix(".jsonl" if content[0] == "{" else ".csv")
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=expected):
        check(file)
