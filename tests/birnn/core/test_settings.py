"""Validation of the settings and its error messages."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from birnn.core import settings
from birnn.core.errors import InputError
from birnn.networks.definition import NoSettings, Units
from tests.projects import PROJECT

DEFAULTS = PROJECT / "params.yaml"


def refusal(tmp_path: Path, old: str, new: str) -> str:
    text = DEFAULTS.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "params.yaml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as error:
        settings.load(file, ("bilstm", "bigru"))
    message = str(error.value)
    assert "\n" not in message
    return message


def test_defaults_match_the_notebook() -> None:
    loaded = settings.load(DEFAULTS)
    assert loaded.pad.model_dump() == {
        "num_words": 20000,
        "maxlen": 100,
        "padding": "pre",
        "truncating": "pre",
        "validation": "test",
        "seed": 0,
    }
    assert loaded.network.model_dump() == {
        "embedding_dim": 128,
        "pooling": "last",
        "dropout": 0.5,
        "embedding_dropout": 0,
        "word_dropout": 0,
        "kernel": "auto",
    }
    for name in ("bilstm", "bigru"):
        assert loaded.section(name, Units).units == 64
    assert loaded.word_vectors.reviews == "none"
    assert loaded.ngrams.longest == 0
    assert loaded.train.model_dump() == {
        "seed": 0,
        "epochs": 10,
        "batch_size": 256,
        "optimizer": "adam",
        "learning_rate": 0.001,
        "schedule": "constant",
        "clipnorm": None,
        "adversarial_norm": 0,
        "self_training": False,
    }


def test_baseline_matches_the_paper() -> None:
    assert settings.load(DEFAULTS).baseline.model_dump() == {
        "ngrams": 2,
        "min_reviews": 2,
        "smoothing": 1,
        "inverse_regularization": 1,
    }


@pytest.mark.parametrize(
    ("old", "new", "key", "value", "allowed"),
    [
        ("epochs: 10", "epochs: 0", "train.epochs", "0", "greater than or equal to 1"),
        ("epochs: 10", "epochs: '3'", "train.epochs", "'3'", "valid integer"),
        ("epochs: 10", "epochs: true", "train.epochs", "True", "valid integer"),
        ("epochs: 10", "epochs: 2.5", "train.epochs", "2.5", "valid integer"),
        ("epochs: 10", "epochs: .nan", "train.epochs", "nan", "valid integer"),
        ("dropout: 0.5", "dropout: 1", "network.dropout", "1", "less than 1"),
        ("dropout: 0.5", "dropout: .inf", "network.dropout", "inf", "finite number"),
        ("padding: pre", "padding: left", "pad.padding", "'left'", "'pre' or 'post'"),
        ("num_words: 20000", "num_words: 4", "pad.num_words", "4", "greater than or equal to 5"),
        ("source: imdb", "source: imbd", "fetch.source", "'imbd'", "'rotten-tomatoes' or 'csv'"),
        ("validation: test", "validation: 1.5", "pad.validation", "1.5", "'test' or input should"),
        ("maxlen: 100", "max_len: 100", "pad.max_len", "100", "no such setting; choose from num_"),
        ("maxlen: 100", "max_len: 100", "pad.maxlen", "missing", "field required"),
        ("encoding: auto", "encoding: utf-88", "csv.encoding", "'utf-88'", "one such as utf-8"),
        ("encoding: auto", "encoding: hex", "csv.encoding", "'hex'", "one such as utf-8"),
        ("delimiter: auto", "delimiter: ab", "csv.delimiter", "'ab'", "match pattern"),
        ("positive: positive", "positive: []", "csv.positive", "[]", "at least 1 item"),
        ("train:", "training:", "train", "missing", "field required"),
        (
            "bigru:\n  # Units per direction. 1 to 4,096.\n  units: 64",
            "bigru: 3",
            "bigru",
            "3",
            "dict",
        ),
    ],
)
def test_error_gives_key_value_and_allowed_values(
    tmp_path: Path, old: str, new: str, key: str, value: str, allowed: str
) -> None:
    message = refusal(tmp_path, old, new)
    assert f"{key} is {value}: " in message
    assert allowed in message


def test_all_errors_are_reported(tmp_path: Path) -> None:
    message = refusal(tmp_path, "seed: 0\n\nword_vectors:", "seed: -1\n  extra: 1\n\nword_vectors:")
    assert "pad.seed is -1" in message
    assert "pad.extra is 1" in message


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("split_column: split", "split_column: null", "csv: set split_column"),
        ("test: null", "test: 0.2", "csv: set split_column"),
        ("positive: positive", "positive: [4, negative]", "csv: positive and negative must"),
        ("positive: positive", "positive: Negative", "csv: positive and negative must"),
    ],
)
def test_contradicting_csv_settings_are_refused(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert expected in refusal(tmp_path, old, new)


@pytest.mark.parametrize(
    ("content", "allowed"),
    [
        ({"units": 0}, "bigru.units is 0: input should be greater than or equal to 1"),
        ({}, "bigru.units is missing: field required"),
        ({"units": 3, "depth": 2}, "bigru.depth is 2: no such setting; choose from units"),
    ],
)
def test_error_in_the_section_of_a_network(content: dict[str, int], allowed: str) -> None:
    loaded = settings.load(DEFAULTS).model_dump() | {"bigru": content}
    with pytest.raises(InputError) as error:
        settings.Settings.model_validate(loaded).section("bigru", Units)
    assert allowed in str(error.value)


def test_network_without_settings_needs_no_section() -> None:
    loaded = settings.load(DEFAULTS)
    assert loaded.section("missing", NoSettings) == NoSettings()


def test_section_that_no_stage_reads_is_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path, "bigru:", "bigruu:")
    assert "bigruu: no such section; choose from fetch, " in message
    assert message.endswith(", bilstm, bigru")


def test_invalid_or_missing_file_is_refused(tmp_path: Path) -> None:
    assert "not valid YAML" in refusal(tmp_path, "pad:", "pad: [")
    assert "not valid YAML" in refusal(tmp_path, "maxlen: 100", "maxlen: 100\n  maxlen: 100")
    with pytest.raises(InputError, match=r"none\.yaml is missing"):
        settings.load(tmp_path / "none.yaml")


def test_numbers_follow_yaml_1_2(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    text = DEFAULTS.read_text(encoding="utf-8").replace("0.001", "1e-3")
    file.write_text(text, encoding="utf-8")
    assert settings.load(file).train.learning_rate == 0.001


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        settings.load(DEFAULTS).train.epochs = 3


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_any_invalid_value_is_refused(value: object) -> None:
    content = settings.load(DEFAULTS).model_dump()
    content["train"]["epochs"] = value
    with pytest.raises(ValidationError) as error:
        settings.Settings.model_validate(content)
    assert error.value.errors()[0]["loc"][:2] == ("train", "epochs")
