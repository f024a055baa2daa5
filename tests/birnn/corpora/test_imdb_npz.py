"""Tests of Keras's arrays, which are opened only if their hash is Keras's."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from birnn.core.errors import InputError
from birnn.corpora import imdb_npz, store
from birnn.corpora.download import UnreachableError
from birnn.corpora.sources import Corpus
from birnn.text import tokenizer

WORDS = ["good", "film", "bad", *(f"word{number}" for number in range(100)), "it's"]
REVIEWS = {"train": [[1, 2, len(WORDS)], [3]], "test": [[2, 2, 1], [3, 2]]}


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with small arrays in Keras's layout, which pass the check of hashes."""
    arrays = {f"x_{split}": np.array(reviews, dtype=object) for split, reviews in REVIEWS.items()}
    arrays |= {f"y_{split}": np.array([1, 0]) for split in REVIEWS}
    np.savez(tmp_path / "imdb.npz", allow_pickle=True, **arrays)
    ranks = {word: rank for rank, word in enumerate(WORDS, start=1)}
    content = json.dumps(ranks, sort_keys=True)
    (tmp_path / "imdb_word_index.json").write_text(content, encoding="utf-8")
    # Only Keras's own files have the expected hashes; Keras would find another and download them.
    for name in imdb_npz.FILES:
        digest = hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        monkeypatch.setitem(imdb_npz.FILES, name, digest)
    monkeypatch.setattr("keras.src.datasets.imdb.get_file", lambda fname, **_others: fname)
    return tmp_path


def test_words_and_their_order_are_those_of_keras(raw: Path, tmp_path: Path) -> None:
    vocabulary, reviews = imdb_npz.load(raw)
    store.write(Corpus("imdb-npz", lambda: iter(reviews), vocabulary), tmp_path)
    assert tokenizer.read(tmp_path / "vocabulary.txt") == WORDS
    # No word is dropped, not even the rarest.
    found = {(review.split, review.text, review.label) for review in reviews}
    train = {("train", "good film it's", 1), ("train", "bad", 0)}
    assert found == train | {("test", "film film good", 1), ("test", "bad film", 0)}


class Evil:
    """An object whose pickle runs code when it is loaded."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """Return a call that unpickling makes."""
        return (os.mkdir, ("opened",))


@pytest.mark.parametrize("name", ["imdb.npz", "imdb_word_index.json"])
def test_other_file_is_not_opened_or_taken_for_a_missing_network(
    raw: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(raw)
    with (raw / name).open("wb") as file:
        np.savez(file, allow_pickle=True, x_train=np.array([Evil()], dtype=object))
    with pytest.raises(InputError, match=f"{raw / name} has the hash .* was not opened") as error:
        imdb_npz.load(raw)
    assert not isinstance(error.value, UnreachableError)
    assert not Path("opened").exists()
