"""Test `birnn data check`: its command fits the file, whatever the settings were before."""

import re
import shlex
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from birnn.core.paths import OWN, PARAMS
from birnn.core.settings import flatten
from birnn.core.yaml_files import parse_yaml, read_yaml
from birnn.runtime.errors import InputError
from birnn.sources import registry
from birnn_apps.command_line import literal
from tests.birnn_apps.conftest import invoke
from tests.projects import AllSettings, check_all, copy_settings, set_settings

TEXTS = ["word " * (number % 5) + f"word{number}" for number in range(40)]
LABELS = ([1] * 4 + [0] * 4) * 5
SPLIT = ["train", "test"] * 20

check = partial(invoke, "data", "check")

# Settings of another file, none of which a check may leave.
EARLIER = """
csv: {train: other.csv, test: test-*.csv, seed: 7, unlabelled: more.csv, columns: [a, b],
    delimiter: "|", quoting: none, encoding: utf-16, unusable: skip, text_column: a,
    label_column: b, positive: [4, 5], negative: [1, 2], split_column: null, id_column: c,
    group_column: d}
baseline: {ngrams: 5, min_reviews: 9, weighting: naive-bayes, smoothing: 0.5,
    inverse_regularization: 9}
report: {select: bilstm, threshold: 0.3}
"""


@pytest.fixture(autouse=True)
def own_folder(empty_project: Path) -> None:
    """Enter a project with settings of another file, and a folder for the user's files."""
    OWN.mkdir(parents=True)
    Path("other").mkdir()
    copy_settings(empty_project)
    earlier = flatten(parse_yaml(EARLIER)).items()
    set_settings(empty_project, {name: literal(value) for name, value in earlier})


def labelled(positive: Any = "positive", negative: Any = "negative", **more: Any) -> pd.DataFrame:
    labels = [positive if label else negative for label in LABELS]
    return pd.DataFrame({"text": TEXTS, "label": labels} | more)


def columns(**values: Any) -> pd.DataFrame:
    """Return texts in splits, and columns that repeat values, all of them in both splits."""
    repeated = {
        name: [each[(n // 2) % len(each)] for n in range(40)] for name, each in values.items()
    }
    return pd.DataFrame({"text": TEXTS, "split": SPLIT} | repeated)


def follow(output: str) -> AllSettings:
    """Run the printed commands; return the settings, with which both splits have both classes."""
    *copy, command = output.partition("To train, run:\n")[2].splitlines()
    for line in copy:
        *files, folder = shlex.split(line)[1:]
        for file in files:
            shutil.copy(file, folder)
    options = shlex.split(command)[4::2]
    set_settings(Path(), dict(option.split("=", 1) for option in options))
    settings = check_all(read_yaml(PARAMS), PARAMS.name)
    reviews = registry.own(settings.csv).read()
    assert len({(review.split, review.label) for review in reviews}) == 4
    return settings


def test_command_replaces_all_settings_of_an_earlier_file() -> None:
    columns(label=["a", "b"]).to_csv("other/new.csv", index=False)
    before = check_all(read_yaml(PARAMS), PARAMS.name)
    output = check("other/new.csv")
    settings = follow(output)
    assert (settings.pad.validation, settings.train.networks) == (0.2, False)
    assert (settings.report.select, settings.report.threshold) == ("auto", None)
    for section in ("csv", "baseline"):
        old, new = (dict(getattr(each, section)) for each in (before, settings))
        assert [name for name in old if old[name] == new[name]] == []
    assert settings.csv.split_column == "split"


FRENCH = [
    "Très mauvais café; à éviter.",
    "Un film drôle et émouvant, très réussi.",
    "Hélas, creux.",
]
FRENCH += ["Je n'ai pas aimé la fin, trop prévisible à mon goût.", "La mise en scène aussi déçoit."]
CZECH = ["Příliš žluťoučký kůň úpěl.", "Čekal jsem něco lepšího.", "Skvělý film, děkuji."]
RUSSIAN = ["Скучно.", "Отлично, советую!", "Очень плохо.", "Хорошо снято, но долго."]
CHINESE = ["这部电影真的很好看", "浪费时间", "演员的表演很精彩"]
JAPANESE = ["とても面白い映画でした。", "退屈で時間の無駄でした。", "俳優の演技が素晴らしい。"]
ENGLISH = ["Dull, and long.", "Fine; really.", "A | b", 'He wrote "no".', "Two\nlines."]


KNOWN = ("utf-8", "utf-8-sig", "utf-16")


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize(
    ("texts", "encoding", "delimiter"),
    [
        *((ENGLISH, "utf-8", delimiter) for delimiter in ",;\t|"),
        *[(FRENCH, "utf-8", ","), (FRENCH, "utf-8-sig", ";"), (ENGLISH, "utf-16", "\t")],
        *[(FRENCH, "cp1252", ";"), (FRENCH, "mac_roman", ","), (CZECH, "cp1250", ";")],
        *[(RUSSIAN, "cp1251", ","), (RUSSIAN, "koi8-r", "\t")],
        *[(CHINESE, "gb18030", ","), (JAPANESE, "shift_jis", ",")],
    ],
)
def test_format_is_found(
    texts: list[str],
    encoding: str,
    delimiter: str,
    header: bool,  # noqa: FBT001
) -> None:
    repeated = [f"{texts[n % len(texts)]} {n}" for n in range(40)]
    table = pd.DataFrame({"film review": repeated, "label": LABELS})
    for extension in (".csv", ".tsv"):
        file = Path("other", f"a{extension}")
        table.to_csv(file, sep=delimiter, encoding=encoding, index=False, header=header)
        output = check(file)
        assert ("is a guess" in output) == (encoding not in KNOWN)
        settings = follow(output)
        assert (settings.csv.columns is None) == header
        read = sorted(review.text for review in registry.own(settings.csv).read())
        assert read == sorted(repeated)


# Sorted by label, so that the first rows have only one.
SPAM = sorted(f"{'ham,Will you be home by' if n % 9 else 'spam,Win £'}{n},,," for n in range(1_500))
# The quotes swallow three lines.
QUOTES = [f"{n}\t{LABELS[n]}\tfine {text}" for n, text in enumerate(TEXTS[:36])]
QUOTES += ['36\t1\t"a', "37\t1\tb", "38\t1\tc", '39\t1\td"']
# A text with the delimiter, and one that ends with a quote.
RAGGED = ["text|label", "a|b|1", '"a" b|0', *(f"{TEXTS[n]}|{LABELS[n]}" for n in range(38))]
NO_QUOTES = {"columns": ["column1", "column2", "column3"], "quoting": "none"}


@pytest.mark.parametrize(
    ("lines", "expected", "rows"),
    [
        (["v1,v2,,,", *SPAM], {"positive": "spam", "delimiter": None}, 1_500),
        (QUOTES, NO_QUOTES, 40),
        (RAGGED, {"quoting": "none", "unusable": "skip"}, 39),
    ],
)
def test_irregular_files_are_read(lines: list[str], expected: dict[str, Any], rows: int) -> None:
    file = OWN / "a.csv"
    file.write_text("\n".join(lines), encoding="cp1252")
    csv = follow(check(file)).csv
    assert csv.model_dump().items() >= expected.items()
    texts = [review.text for review in registry.own(csv).read()]
    assert len(texts) == rows
    assert ("Win £3" in texts) == ("spam,Win £3,,," in lines)


DRAWN = {"split_column": None, "test": 0.2}
ABOVE = {"positive": ">3", "negative": "<3", "unusable": "skip"}


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (columns(oordeel=["nee", "ja", "nee"]), "oordeel ja nee"),  # the rarer one is positive
        (columns(answer=[True, False, True]), "answer False True"),
        (columns(liked=[-1, 1, 1]), "liked 1 -1"),  # the larger one is positive
        (columns(label=list("aab"), verified=["y", "n"]), "label b a"),
        (columns(stars=range(1, 6), verified=["n", "n", "y"]), "verified y n"),
        (columns(topic=list("abca")).assign(label="about docs"), "topic a None"),
        (columns(topic=list("abca"), page=range(8)), "topic a None"),
        (columns(stars=range(1, 6)), {"label_column": "stars"} | ABOVE),
        (columns(score=[0.5, 1.5, 0.5, 2.0]), {"positive": ">1.25", "negative": "<1.25"}),
        (labelled(split=["train", "val", "test", "train"] * 10), {"split_column": "split"}),
        (labelled(Fold=["Training", "Testing"] * 20), {"test": "Testing"}),
        (labelled(split="train"), DRAWN),
        (labelled(url="https://a.example/" + "a" * 99), {"text_column": "text"} | DRAWN),
    ],
)
def test_columns_are_chosen(table: pd.DataFrame, expected: Any) -> None:
    for file in ("a.csv", "a.jsonl", "a.parquet"):
        if file == "a.jsonl":
            table.to_json(OWN / file, orient="records", lines=True)
        else:
            getattr(table, f"to_{file[2:]}")(OWN / file, index=False)
        output = check(OWN / file)
        found = {name: str(value) for name, value in follow(output).csv}
        if isinstance(expected, str):
            named = ("label_column", "positive", "negative")
            expected = dict(zip(named, expected.split(), strict=True))
        assert found.items() >= {name: str(value) for name, value in expected.items()}.items()


def test_test_file_is_next_to_the_file() -> None:
    labelled()[:24].to_csv("other/train-a.csv", index=False)
    labelled()[24:].to_csv("other/test-a.csv", index=False)
    assert follow(check("other/train-a.csv")).csv.test == "test-a.csv"


def test_given_settings_stay() -> None:
    columns(stars=range(1, 6), verified=["n", "y"]).to_parquet(OWN / "a.parquet")
    given = {"label_column": "stars", "positive": ">4", "split_column": None, "test": 0.5}
    options = [f"-Scsv.{name}={'null' if v is None else repr(v)}" for name, v in given.items()]
    csv = follow(check(OWN / "a.parquet", *options)).csv
    assert csv.model_dump().items() >= (given | {"negative": None}).items()


def test_of_two_labels_the_other_one_is_negative() -> None:
    columns(kind=["spam", "ham", "ham"]).to_csv(OWN / "a.csv", index=False)
    csv = follow(check(OWN / "a.csv", "-S", "csv.positive=ham")).csv
    assert (csv.positive, csv.negative) == ("ham", "spam")


def test_few_held_out_texts_are_a_warning() -> None:
    labelled(label=["positive"] * 4 + ["negative"] * 36).to_csv(OWN / "a.csv", index=False)
    expected = "warning: only about 1 texts that are positive will be held out\n"
    assert expected in check(OWN / "a.csv")


def test_baseline_is_tried_and_its_settings_fit_the_texts() -> None:
    words = {"crude": ["น้ำมัน", "ดิบ"], "other": ["ข่าว", "กีฬา"]}
    names = ["other", "other", "crude"] * 400
    texts = [f"{words[name][n % 2]}{n}" for n, name in enumerate(names)]
    pd.DataFrame({"text": texts, "topic": names}).to_csv(OWN / "a.csv", index=False)
    output = check(OWN / "a.csv")
    found = re.search(r"finds (\d+) of 100 texts that are crude, with (\d+) false alarms", output)
    assert found is not None
    assert (int(found[1]), int(found[2])) == (100, 0)
    baseline = follow(output).baseline
    assert (baseline.ngrams, baseline.weighting) == (4, "tf-idf")
    assert "guessing" not in output
    pd.DataFrame({"text": texts, "topic": sorted(names)}).to_csv(OWN / "a.csv", index=False)
    assert "hardly better than guessing" in check(OWN / "a.csv")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", labelled("good", "good").to_csv(), "no column has labels"),
        ("a.csv", labelled()[["text"]].to_csv(), "no column has labels"),
        ("a.csv", "text,label\n", "has no rows"),
        ("a.jsonl", '{"id": 1, "review": {"text": "a b"}}', "no column has labels"),
        ("a.csv", 'text,label\n"a" b,1\n"c,0\n', "cannot be read|no column has labels"),
        ("a.csv", "text,label\na,1\nb,1\nc,0\nd,0\ne,0", "too few"),
        ("a.xlsx", "PK", "unsupported extension"),
        ("a.csv.gz", "text,label", "zlib"),
        ("b.csv", None, "does not exist or is not a file"),
        (".", None, "does not exist or is not a file"),
    ],
)
def test_bad_files_give_one_line(name: str, content: str | None, expected: str) -> None:
    if content is not None:
        (OWN / name).write_text(content, encoding="utf-8")
    with pytest.raises((InputError, OSError), match=expected) as caught:
        check(OWN / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("csv.label_column=x", "no column 'x'"),
        ("csv.label=x", "not a setting"),
        ("csv.test", "not a setting"),
        ("csv.positive=[a", "not YAML"),
        ("csv.positive=x", "too few"),
        ("csv.encoding=x", "no such encoding"),
    ],
)
def test_bad_settings_give_one_line(option: str, expected: str) -> None:
    labelled().to_csv(OWN / "a.csv", index=False)
    with pytest.raises(InputError, match=expected):
        check(OWN / "a.csv", "-S", option)
