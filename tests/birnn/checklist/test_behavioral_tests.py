"""Behavioral tests of models with known behavior."""

import operator
import re
import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import logit

from birnn.checklist import behavioral_tests, runner
from birnn.checklist.runner import Behavior, Case
from birnn.text import tokenizer

TEXTS = ["John liked it.", "An odd Film, seen with Mary.", "Nothing."]
FILMS = {text: film for film, text in enumerate(TEXTS)}


def match_model(pattern: str) -> runner.Predict:
    """Return a model that predicts positive if a text matches `pattern`."""

    def predict(texts: Sequence[str]) -> NDArray[np.float32]:
        matches = [bool(re.search(pattern, text)) for text in texts]
        return np.where(matches, 9, -9).astype(np.float32)

    return predict


def failures(predict: runner.Predict) -> dict[str, int]:
    rows = runner.run_tests(
        behavioral_tests.all_behaviors(TEXTS, TEXTS[:2]), {"model": predict}, FILMS
    )
    return {row["test"]: row["failures"] for row in rows}


def test_bag_of_words_model_fails_only_negation() -> None:
    praise = rf"{'|'.join(behavioral_tests.PRAISE)}|loved"
    counts = failures(match_model(praise))
    assert counts["plain praise is positive"] == 0
    assert counts["plain blame is negative"] == 0
    assert counts["negated praise is negative"] == 50
    assert counts["negated blame is not negative"] == 50
    assert counts["blame added at the end"] == 0
    assert counts["praise added at the end"] == 0


def test_name_model_fails_the_names_test() -> None:
    counts = failures(match_model("John|Mary"))
    assert counts["people get other first names"] == 2
    assert counts["a neutral sentence after"] == 0


def test_models_of_position() -> None:
    assert failures(match_model("evening"))["a neutral sentence before"] == 3
    assert failures(match_model(r"evening\.$"))["a neutral sentence before"] == 0


def test_cases_that_no_network_can_fail_are_left_out() -> None:
    def encode(texts: Sequence[str]) -> NDArray[np.int32]:
        """Read the last two words of each text."""
        ends = [["", "", *text.split()][-2:] for text in texts]
        return np.array([[zlib.crc32(word.encode()) for word in end] for end in ends], np.int64)

    behaviors = [
        test.without_unchanged(encode) for test in behavioral_tests.all_behaviors(TEXTS, TEXTS[:2])
    ]
    cases = {test.description: [case.original for case in test.cases] for test in behaviors}
    assert cases["a neutral sentence before"] == TEXTS[2:]
    assert cases["people get other first names"] == TEXTS[1:2]
    assert cases["a neutral sentence after"] == TEXTS
    assert len(cases["plain praise is positive"]) == 60


def test_every_change_alters_the_words_of_a_text() -> None:
    for test in behavioral_tests.all_behaviors(TEXTS, TEXTS[:2]):
        before = tokenizer.tokenize(case.original for case in test.cases)
        after = tokenizer.tokenize(case.text for case in test.cases)
        assert not any(map(operator.eq, before.to_pylist(), after.to_pylist()))


def test_directional_failures() -> None:
    assert failures(match_model("hated"))["blame added at the end"] == 3
    assert failures(match_model("^((?!loved).)*$"))["praise added at the end"] == 3
    behavior = Behavior("", "DIR", "", [Case("longer", original="x", direction=1)])
    for step, failed in ((0.09, False), (0.11, True)):
        predict = lambda texts, step=step: logit([0.5 - step * (len(t) > 1) for t in texts])  # noqa: E731
        assert behavior.failures(predict).tolist() == [failed]


def test_rename_replaces_whole_names_of_the_same_gender() -> None:
    renamed = behavioral_tests.rename("John and Mary met Johnson, Tom and Emma; john.")
    assert renamed == "Michael and Sarah met Johnson, John and Mary; john."
    assert behavioral_tests.has_name("with John.")
    assert not behavioral_tests.has_name("Johnson, john")


def test_plain_texts_are_grammatical() -> None:
    plain = behavioral_tests.all_behaviors([], [])[:4]
    texts = [case.text for test in plain for case in test.cases]
    assert len(set(texts)) == len(texts) == 220
    assert "This is an awful film." in texts
    assert not [text for text in texts if re.search(r"\ba [aeiou]", text)]


def test_no_rate_without_cases() -> None:
    rows = list(
        runner.run_tests(behavioral_tests.all_behaviors([], []), {"model": match_model("x")}, {})
    )
    assert [row["failure_rate"] is None for row in rows] == [row["cases"] == 0 for row in rows]
    assert all(row["low"] is None for row in rows)


def test_only_rates_of_reviews_have_an_interval() -> None:
    behaviors = behavioral_tests.all_behaviors(TEXTS, TEXTS)
    model = match_model("great|excellent|perfect|Michael")
    rows = {row["test"]: row for row in runner.run_tests(behaviors, {"model": model}, FILMS)}
    plain = rows["plain praise is positive"]
    assert (plain["cases"], plain["failures"]) == (60, 42)
    assert plain["failure_rate"] == pytest.approx(0.7)
    assert (plain["low"], plain["high"]) == (None, None)
    names = rows["people get other first names"]
    assert (names["cases"], names["failures"]) == (3, 1)
    assert names["low"] < 1 / 3 < names["high"]


def test_intervals_are_wider_if_reviews_of_a_film_are_alike() -> None:
    texts = [f"{name} liked it." for name in ["John"] * 10 + ["Michael"] * 10]
    texts = [f"{text} {number}" for number, text in enumerate(texts)]
    behaviors = behavioral_tests.all_behaviors(texts, texts)
    model = {"model": match_model("John")}
    names = "people get other first names"

    def width(films: Sequence[int]) -> float:
        rows = runner.run_tests(behaviors, model, dict(zip(texts, films, strict=True)))
        (row,) = (row for row in rows if row["test"] == names)
        assert (row["cases"], row["failures"]) == (20, 10)
        return row["high"] - row["low"]

    mixed, alike = np.arange(20) % 4, np.arange(20) // 5
    assert width(alike) > width(mixed) >= width(np.arange(20))
