"""Keras's arrays: opened if they are Keras's own, and never otherwise."""

import hashlib
import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from birnn.core.errors import InputError
from birnn.corpora import imdb_npz, store
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
    """Return a folder with small arrays in the layout of Keras's, and let them pass as Keras's."""
    arrays = {}
    for split, reviews in REVIEWS.items():
        arrays[f"x_{split}"] = np.array(reviews, dtype=object)
        arrays[f"y_{split}"] = np.array([1, 0])
    file = write_arrays(tmp_path / "raw", **arrays)
    monkeypatch.setattr(imdb_npz, "SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
    # Keras compares the same hash, and would download its own file.
    monkeypatch.setattr("keras.src.datasets.imdb.get_file", lambda fname, **_others: fname)
    return tmp_path / "raw"


def test_keras_loader_gives_words_in_keras_order(raw: Path, tmp_path: Path) -> None:
    arrays = imdb_npz.load(raw)
    assert arrays.vocabulary == ["good", "film", "bad", "it's"]
    reviews = {found.text: found for found in arrays.read()}
    # No word is lost, the rarest one included.
    assert set(reviews) == {"good film it's", "bad", "film film good", "bad film"}
    assert {found.split for found in reviews.values()} == {"train", "test"}
    assert [reviews[text].label for text in ("good film it's", "bad film")] == [1, 0]
    store.write(Corpus("imdb-npz", "imdb-npz", arrays.read, arrays.vocabulary), tmp_path)
    assert tokenizer.read(tmp_path / "vocabulary.txt") == arrays.vocabulary


class Evil:
    """What a pickle can do."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """Name a call that opening makes."""
        return (os.mkdir, ("opened",))


def test_a_pickle_that_is_not_keras_own_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    evil = np.array([Evil()], dtype=object)
    file = write_arrays(tmp_path / "raw", x_train=evil)
    with pytest.raises(InputError, match="may hold a pickle") as error:
        imdb_npz.load(tmp_path / "raw")
    assert str(file) in str(error.value)
    assert not Path("opened").exists()
    # It would have run.
    pickle.loads(pickle.dumps(Evil()))  # noqa: S301
    assert Path("opened").exists()
