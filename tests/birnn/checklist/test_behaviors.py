"""Behavioral tests, on models whose behavior is known."""

import re
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from birnn.checklist import behaviors, cases
from birnn.checklist.behaviors import Behavior, Case

TEXTS = ["John liked it.", "An odd Film, seen with Mary.", "Nothing."]


def by(rule: str) -> behaviors.Predict:
    """Return a model that finds a text positive if it matches a regular expression."""

    def predict(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([bool(re.search(rule, text)) for text in texts], np.float32)

    return predict


def failures(predict: behaviors.Predict) -> dict[str, int]:
    found = behaviors.run_tests(cases.all_behaviors(TEXTS, TEXTS[:2]), {"model": predict})
    return {row["test"]: row["failures"] for row in found}


def test_a_model_that_knows_the_words_fails_by_negation_alone() -> None:
    praise = rf"{'|'.join(cases.PRAISE)}|loved"
    found = failures(by(praise))
    assert found["plain praise is positive"] == 0
    assert found["plain blame is negative"] == 0
    assert found["negated praise is negative"] == 50
    assert found["negated blame is not negative"] == 50
    assert found["blame added at the end"] == 0
    assert found["praise added at the end"] == 0


def test_a_model_that_looks_at_names_fails_by_names_alone() -> None:
    found = failures(by("John|Mary"))
    assert found["people get other first names"] == 2
    assert found["a neutral sentence after"] == 0


def test_a_model_that_looks_at_case_or_the_end() -> None:
    assert failures(by("Film"))["upper case"] == 1
    assert failures(by("Film"))["lower case"] == 1
    assert failures(by("evening"))["a neutral sentence before"] == 3
    assert failures(by(r"evening\.$"))["a neutral sentence before"] == 0
    assert failures(by(r"^\s"))["blanks and dots at both ends"] == 3


def test_a_model_that_moves_the_wrong_way() -> None:
    assert failures(by("hated"))["blame added at the end"] == 3
    assert failures(by("^((?!loved).)*$"))["praise added at the end"] == 3
    small = Behavior("", "DIR", "", [Case("longer", original="x", direction=1)])
    for step, failed in ((0.09, False), (0.11, True)):
        predict = lambda texts, step=step: np.array([0.5 - step * (len(t) > 1) for t in texts])  # noqa: E731
        assert small.failures(predict).tolist() == [failed]


def test_names_are_swapped_within_their_gender_and_only_as_whole_words() -> None:
    renamed = cases.rename("John and Mary met Johnson, Tom and Emma; john.")
    assert renamed == "Michael and Sarah met Johnson, John and Mary; john."
    assert cases.has_name("with John.")
    assert not cases.has_name("Johnson, john")


def test_plain_texts_are_english() -> None:
    plain = cases.all_behaviors([], [])[:4]
    texts = [case.text for test in plain for case in test.cases]
    assert len(set(texts)) == len(texts) == 220
    assert "This is an awful film." in texts
    assert not [text for text in texts if re.search(r"\ba [aeiou]", text)]


def test_without_cases_there_is_no_rate() -> None:
    found = list(behaviors.run_tests(cases.all_behaviors([], []), {"model": by("x")}))
    assert [row["failure_rate"] is None for row in found] == [row["cases"] == 0 for row in found]
    assert [row["low"] is None for row in found] == [row["cases"] == 0 for row in found]


def test_rates_come_with_intervals() -> None:
    row = next(
        behaviors.run_tests(cases.all_behaviors([], []), {"model": by("great|excellent|perfect")})
    )
    assert (row["cases"], row["failures"]) == (60, 42)
    assert row["failure_rate"] == pytest.approx(0.7)
    assert row["low"] < 0.7 < row["high"]
