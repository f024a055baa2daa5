"""Behavioral tests of models with known behavior."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import logit

from birnn.evaluation import behavioral_runner, behavioral_tests
from birnn.evaluation.behavioral_tests import TOLERANCE
from birnn.reviews import tokenizer

TEXTS = ["John liked it.", "An odd Film, seen with Mary.", "Nothing."]
FILMS = {text: film for film, text in enumerate(TEXTS)}
NAMES = "people get other first names"
BEFORE, AFTER = "a neutral sentence before", "a neutral sentence after"


def run(
    pattern: str, texts: Sequence[str] = TEXTS, films: Mapping[str, int] = FILMS
) -> dict[str, Any]:
    """Return the rows, by test, of a model that predicts positive if a text matches `pattern`."""

    def predict(texts: Sequence[str]) -> NDArray[np.float32]:
        matches = [bool(re.search(pattern, text)) for text in texts]
        return np.where(matches, 9, -9).astype(np.float32)

    named = [text for text in texts if behavioral_tests.has_name(text)]
    behaviors = behavioral_tests.all_behaviors(texts, named)
    return {
        row["test"]: row
        for row in behavioral_runner.count_failures(behaviors, {"model": predict}, films)
    }


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        # A bag of words fails only negation.
        (
            rf"{'|'.join(behavioral_tests.PRAISE)}|loved",
            {
                "plain praise is positive": 0,
                "plain blame is negative": 0,
                "negated praise is negative": 50,
                "negated blame is not negative": 50,
                "blame added at the end": 0,
                "praise added at the end": 0,
            },
        ),
        ("John|Mary", {NAMES: 2, AFTER: 0, BEFORE: 0}),
        ("evening", {BEFORE: 3, AFTER: 3}),
        (r"evening\.$", {BEFORE: 0, AFTER: 3}),
        ("hated", {"blame added at the end": 3, "praise added at the end": 0}),
        ("^((?!loved).)*$", {"blame added at the end": 0, "praise added at the end": 3}),
    ],
)
def test_failures_of_a_model(pattern: str, expected: dict[str, int]) -> None:
    rows = run(pattern)
    assert {test: rows[test]["failures"] for test in expected} == expected


def test_cases_that_no_network_can_fail_are_left_out() -> None:
    def encode(texts: Sequence[str]) -> NDArray[np.int32]:
        """Return one id per text, which depends on its last two words."""
        return np.array([[hash(" ".join(text.split()[-2:]))] for text in texts])

    behaviors = behavioral_tests.all_behaviors(TEXTS, TEXTS[:2])
    assert behavioral_tests.Behavior("", "INV", "", []).without_unchanged(encode).texts == []
    changed = {test.description: test.without_unchanged(encode) for test in behaviors}
    assert changed[BEFORE].originals == TEXTS[2:]
    assert changed[NAMES].originals == TEXTS[1:2]
    assert changed[AFTER].originals == TEXTS
    assert len(changed["plain praise is positive"].texts) == 60
    # Every change alters the words of a text, but not of each sequence.
    for test in behaviors:
        for texts in zip(test.originals, test.texts, strict=bool(test.originals)):
            before, after = tokenizer.tokenize(texts, "keras").to_pylist()
            assert before != after


@pytest.mark.parametrize(("sentence", "direction"), [("praise", 1), ("blame", -1)])
def test_small_change_in_the_wrong_direction_is_tolerated(sentence: str, direction: int) -> None:
    behaviors = {each.description: each for each in behavioral_tests.all_behaviors(["x"], [])}
    for step, failed in ((TOLERANCE - 0.01, False), (TOLERANCE + 0.01, True)):
        odds = logit([0.5, 0.5 - direction * step])
        failures = behaviors[f"{sentence} added at the end"].failures(
            lambda texts, odds=odds: np.array([odds[int(text != "x")] for text in texts])
        )
        assert failures.tolist() == [failed]


def test_changed_texts_are_plausible() -> None:
    renamed = behavioral_tests.rename("John and Mary met Johnson, Tom and Emma; john.")
    assert renamed == "Michael and Sarah met Johnson, John and Mary; john."
    assert not behavioral_tests.has_name("Johnson, john")
    plain = behavioral_tests.all_behaviors([], [])[:4]
    texts = {text for test in plain for text in test.texts}
    assert len(texts) == 220
    assert "This is an awful film." in texts
    assert not re.search(r"\ba [aeiou]", " ".join(texts))


def test_only_rates_of_reviews_have_an_interval() -> None:
    rows = run("great|excellent|perfect|Michael")
    plain = rows["plain praise is positive"]
    assert (plain["capability"], plain["kind"], plain["model"]) == ("vocabulary", "MFT", "model")
    assert (plain["cases"], plain["failures"]) == (60, 42)
    assert plain["failure_rate"] == pytest.approx(0.7)
    assert (plain["low"], plain["high"]) == (None, None)
    assert (rows[NAMES]["cases"], rows[NAMES]["failures"]) == (2, 1)
    assert rows[NAMES]["low"] < 1 / 2 < rows[NAMES]["high"]
    for row in run("x", [], {}).values():
        assert (row["failure_rate"] is None) is (row["cases"] == 0)
        assert row["low"] is None


def test_intervals_are_wider_if_reviews_of_a_film_are_alike() -> None:
    texts = [f"{name} liked it. {number}" for name in ("John", "Michael") for number in range(10)]
    widths = []
    for films in (np.arange(20), np.arange(20) % 4, np.arange(20) // 5):
        row = run("John", texts, dict(zip(texts, films, strict=True)))[NAMES]
        widths.append(row["high"] - row["low"])
    assert widths[0] <= widths[1] < widths[2]
