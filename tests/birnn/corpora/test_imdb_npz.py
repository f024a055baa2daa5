"""Tests of Keras's arrays, which are opened only if their hash is Keras's."""

import hashlib
import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from birnn.core.errors import InputError
from birnn.corpora import corpus_statistics, imdb_npz, store
from birnn.corpora.download import UnreachableError
from birnn.corpora.sources import Corpus
from birnn.text import tokenizer

WORD_INDEX = {"film": 2, "good": 1, "bad": 3, "it's": 4}
REVIEWS = {"train": [[1, 2, 4], [3]], "test": [[2, 2, 1], [3, 2]]}


def write_arrays(raw: Path, **arrays: Any) -> Path:
    raw.mkdir(exist_ok=True)
    np.savez(raw / "imdb.npz", allow_pickle=True, **arrays)
    (raw / "imdb_word_index.json").write_text(json.dumps(WORD_INDEX), encoding="utf-8")
    return raw / "imdb.npz"


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with small arrays in Keras's layout, which pass the check of hashes."""
    arrays = {}
    for split, reviews in REVIEWS.items():
        arrays[f"x_{split}"] = np.array(reviews, dtype=object)
        arrays[f"y_{split}"] = np.array([1, 0])
    folder = write_arrays(tmp_path / "raw", **arrays).parent
    for name in imdb_npz.FILES:
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        monkeypatch.setitem(imdb_npz.FILES, name, digest)
    # Keras would find another hash and download its own file.
    monkeypatch.setattr("keras.src.datasets.imdb.get_file", lambda fname, **_others: fname)
    return folder


def test_statistics(raw: Path, tmp_path: Path) -> None:
    arrays = imdb_npz.load(raw)
    corpus = Corpus("imdb-npz", "imdb-npz", arrays.read, arrays.vocabulary)
    overlap = store.write(corpus, tmp_path)["overlap"]
    train, test = (
        corpus_statistics.measure(tmp_path / f"{split}.parquet", ["good", "film"])
        for split in ("train", "test")
    )
    table = corpus_statistics.tabulate(train, test, overlap, maxlen=100)
    assert table["words per review, longest"] == ("3", "3")
    assert table["words in the vocabulary"] == ("50.0%", "80.0%")
    assert "groups, such as films" not in table


def test_vocabulary_has_keras_order(raw: Path, tmp_path: Path) -> None:
    arrays = imdb_npz.load(raw)
    assert arrays.vocabulary == ["good", "film", "bad", "it's"]
    reviews = {review.text: review for review in arrays.read()}
    # No word is dropped, not even the rarest.
    assert set(reviews) == {"good film it's", "bad", "film film good", "bad film"}
    assert {review.split for review in reviews.values()} == {"train", "test"}
    assert [reviews[text].label for text in ("good film it's", "bad film")] == [1, 0]
    store.write(Corpus("imdb-npz", "imdb-npz", arrays.read, arrays.vocabulary), tmp_path)
    assert tokenizer.read(tmp_path / "vocabulary.txt") == arrays.vocabulary


@pytest.mark.parametrize("name", ["imdb.npz", "imdb_word_index.json"])
def test_damaged_file_is_an_error_rather_than_a_missing_network(raw: Path, name: str) -> None:
    (raw / name).write_bytes((raw / name).read_bytes()[:-1])
    with pytest.raises(InputError, match=f"{name} has the hash .* was not opened") as error:
        imdb_npz.load(raw)
    assert not isinstance(error.value, UnreachableError)


class Evil:
    """An object whose pickle runs code when it is loaded."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """Return a call that unpickling makes."""
        return (os.mkdir, ("opened",))


def test_unknown_pickle_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    evil = np.array([Evil()], dtype=object)
    file = write_arrays(tmp_path / "raw", x_train=evil)
    with pytest.raises(InputError, match="was not opened") as error:
        imdb_npz.load(tmp_path / "raw")
    assert str(file) in str(error.value)
    assert not Path("opened").exists()
    # The pickle does run code if it is loaded.
    pickle.loads(pickle.dumps(Evil()))  # noqa: S301
    assert Path("opened").exists()
