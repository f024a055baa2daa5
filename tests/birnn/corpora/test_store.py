"""The stored corpus."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from birnn import vocabulary
from birnn.corpora import store
from birnn.corpora.review import Review
from birnn.corpora.sources import Corpus
from birnn.errors import InputError
from birnn.files import read_json

TRAIN = [
    Review("train/0", "film 1", 0, "Bad, bad film."),
    Review("train/1", "film 1", 1, "Good FILM"),
    Review("train/2", "film 2", 1, "..."),
]
TEST = [Review("test/0", "film 3", 1, "good word"), Review("test/1", "film 4", 0, "bad")]


def test_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "BATCH", 2)
    corpus = Corpus("mine", "mine", {"train": TRAIN, "test": TEST})
    description = store.write(corpus, tmp_path)
    assert pq.read_table(tmp_path / "train.parquet").to_pydict() == {
        "id": ["train/0", "train/1", "train/2"],
        "group": ["film 1", "film 1", "film 2"],
        "label": [0, 1, 1],
        "text": ["Bad, bad film.", "Good FILM", "..."],
        "tokens": [["bad", "bad", "film"], ["good", "film"], None],
    }
    assert vocabulary.read(tmp_path / "vocabulary.txt") == ["bad", "film", "good"]
    assert read_json(tmp_path / "corpus.json") == description
    assert description["vocabulary"] == 3
    counts = {key: description["train"][key] for key in ("reviews", "positive", "groups")}
    assert counts == {"reviews": 3, "positive": 2, "groups": 2}


@pytest.mark.parametrize("labels", [[], [0], [1, 1, 1]])
def test_an_empty_or_one_class_split_is_refused(tmp_path: Path, labels: list[int]) -> None:
    few = [Review(f"test/{number}", "film", label, "x") for number, label in enumerate(labels)]
    for splits, name in (
        ({"train": few, "test": TEST}, "train"),
        ({"train": TRAIN, "test": few}, "test"),
    ):
        with pytest.raises(InputError, match=f"the {name} split of mine has {len(few)} reviews"):
            store.write(Corpus("mine", "mine", splits), tmp_path)
