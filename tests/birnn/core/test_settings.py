"""Validation of the settings and its error messages."""

import re
import shutil
from ast import literal_eval
from pathlib import Path
from typing import Any

import pytest

from birnn.architectures.registry import NETWORKS
from birnn.core import settings
from birnn.core.outputs import write_json
from birnn.core.yaml_files import read_yaml
from birnn.networks.definition import Network, Units
from birnn.runtime.errors import InputError
from tests.projects import PROJECT, AllSettings, check_all, refusal, set_settings

DEFAULTS = PROJECT / "params.yaml"


def load(tmp_path: Path, old: str, new: str) -> AllSettings:
    """Load the default settings after one replacement in their text."""
    text = DEFAULTS.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "params.yaml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return check_all(read_yaml(file), str(file))


def accepts(section: str, **changes: Any) -> bool:
    """Return whether settings are valid if some of a section are changed."""
    content = read_yaml(DEFAULTS)
    content[section] |= changes
    try:
        check_all(content, "changed")
    except InputError:
        return False
    return True


# Phrases in the comments of params.yaml, with the extreme values that each accepts and refuses.
LIMITS = {
    r"(?<![\d,-])([\d,]+) (?:\([\w ]+\) )?to ([\d,]+)[.;]": lambda a, b: ([a, b], [a - 1, b + 1]),
    r"(1e-\d+) to ([\d,e]+)[.,]": lambda a, b: ([a, b], [a / 2, b * 1.0000001]),
    r"At least (\d), below (\d)\.": lambda a, b: ([a, b - 0.5], [a - 1, b]),
    r"between (\d) and (\d)\.": lambda a, b: ([b - 0.5], [a, b]),
}


def test_accepted_numbers_are_the_documented_ones() -> None:
    text = DEFAULTS.read_text(encoding="utf-8")
    header, *sections = re.split(r"^(?=\w+:\n)", text, flags=re.MULTILINE)
    tested = 0
    for section in sections:
        for comment, name in re.findall(r"((?:^  #.*\n)+)  (\w+):", section, re.MULTILINE):
            phrase = re.sub(r"\s+#", "", header if name == "seed" else comment)
            for pattern, extremes in LIMITS.items():
                for numbers in re.findall(pattern, phrase):
                    limits = (literal_eval(number.replace(",", "")) for number in numbers)
                    for values, expected in zip(extremes(*limits), (True, False), strict=True):
                        for value in values:
                            key = section.split(":")[0]
                            assert accepts(key, **{name: value}) == expected, (key, name, value)
                            tested += 1
    assert tested > 100


@pytest.mark.parametrize(
    ("old", "new", "key", "value", "allowed"),
    [
        ("epochs: 10", "epochs: true", "train.epochs", "True", "valid integer"),
        ("dropout: 0.5", "dropout: .inf", "network.dropout", "inf", "finite number"),
        ("padding: pre", "padding: left", "pad.padding", "'left'", "'pre' or 'post'"),
        ("validation: test", "validation: 1.5", "pad.validation", "1.5", "'test' or input should"),
        ("max_gradient_norm:", "clipnorm:", "train.clipnorm", "None", "no such setting"),
        ("maxlen: 100", "max_len: 100", "pad.max_len", "100", "no such setting; choose from num_"),
        ("encoding: utf-8", "encoding: utf-88", "csv.encoding", "'utf-88'", "one such as utf-8"),
        ("positive: positive", "positive: []", "csv.positive", "[]", "at least 1 item"),
        ("text_column: text", "text_column: ''", "csv.text_column", "''", "at least 1 char"),
        ("delimiter:", "delimiter: xx", "csv.delimiter", "'xx'", "comment in params.yaml"),
        ("train: rev", "train: a/rev", "csv.train", "'a/reviews.csv'", "its comment in"),
        (
            "max_gradient_norm:",
            "max_gradient_norm: 1.0e+39",
            "train.max_gradient_norm",
            "1e+39",
            "or equal to 1000000",
        ),
        ("  epochs: 10\n", "", "train.epochs", "missing", "field required"),
        ("seed: 0\n\nword", "seed: -1\n  a: 1\n\nword", "pad.seed", "-1", "; pad.a is 1"),
    ],
)
def test_error_gives_key_value_and_allowed_values(
    tmp_path: Path, old: str, new: str, key: str, value: str, allowed: str
) -> None:
    message = refusal(load, tmp_path, old, new)
    assert f"{key} is {value}: " in message
    assert allowed in message


@pytest.mark.parametrize("content", ["pad: [", "maxlen: 1\nmaxlen: 1", "[]"])
def test_file_or_section_without_settings_is_refused(tmp_path: Path, content: str) -> None:
    expected = "the whole file is [" if content == "[]" else "is not valid YAML"
    assert expected in refusal(load, tmp_path, DEFAULTS.read_text(encoding="utf-8"), content)
    message = refusal(load, tmp_path, "\ntrain:", "\ntran:\n  a: 1\ntrain:")
    names = ", ".join(sorted(read_yaml(DEFAULTS)))
    assert message.endswith(f"tran: no such section; choose from {names}")


def test_csv_settings_must_not_contradict_each_other(tmp_path: Path) -> None:
    for changes in ({"split_column": None}, {"test": 0.2}):
        assert not accepts("csv", **changes), changes
    assert "yaml: csv: set split_column" in refusal(load, tmp_path, "  test:", "  test: 0.2")


class Seeded(settings.Section, extra="ignore"):
    """One setting of a section."""

    seed: settings.Seed


class StageSettings(settings.Sections):
    """The settings of a stage that reads two sections."""

    train: Seeded
    other: Units


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("train: {seed: 1}", "other is missing: field required"),
        ("train: {seed: 1}\nother: {units: 3, a: 2}", "other.a is 2: no such setting; choose"),
        ("trains: {seed: 1}", "trains: no such section; choose from other, train, unread"),
        ("train: {seed: -1}\nother: {units: 3}", "train.seed is -1: input should be greater"),
        ("train: [", "is not valid YAML"),
    ],
)
def test_stage_checks_the_names_of_all_sections_and_the_values_it_reads(
    content: str, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_json(Path("dvc.yaml"), {"stages": {"a": {"params": ["train.seed", "other", "unread"]}}})
    file = Path("params.yaml")
    assert refusal(settings.load, StageSettings).startswith(f"{file} is missing: run the command")
    file.write_text("train: {seed: 1, more: 2}\nother: {units: 3}\nunread: {a: -1}", "utf-8")
    assert settings.load(StageSettings).train.seed == 1
    file.write_text(content, encoding="utf-8")
    assert error in refusal(settings.load, StageSettings)


def test_network_without_settings_needs_no_section(monkeypatch: pytest.MonkeyPatch) -> None:
    content = read_yaml(DEFAULTS)
    bare = Network("bare", title="", color="gray", build=lambda _: None)
    monkeypatch.setitem(NETWORKS, "bare", bare)
    assert check_all(content, "").bare == settings.Section()
    assert "bare.a is 1: no such setting" in refusal(check_all, content | {"bare": {"a": 1}}, "")


def test_lists_that_dvc_sets_leave_comments_where_they_are(tmp_path: Path) -> None:
    file = Path(shutil.copy(DEFAULTS, tmp_path))
    set_settings(tmp_path, {"csv.columns": "[a,b]", "csv.positive": "[1,2]", "csv.negative": "[3]"})
    before, after = (each.read_text(encoding="utf-8").splitlines() for each in (DEFAULTS, file))
    names = [line.partition(":")[0] for line in after if not line.startswith("  - ")]
    assert names == [line.partition(":")[0] for line in before]
