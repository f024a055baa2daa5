"""Tests of storing a corpus."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from birnn.core.errors import InputError
from birnn.core.outputs import read_json
from birnn.corpora import store
from birnn.corpora.review import Review
from birnn.corpora.sources import Corpus
from birnn.text import tokenizer
from tests.projects import PROJECT


def review(name: str, group: str, label: int, text: str) -> Review:
    return Review(name.partition("/")[0], name, group, label, text, f"line {name}")


TRAIN = [
    review("train/0", "film 1", 0, "Bad, bad film."),
    review("train/1", "film 1", 1, "Good FILM"),
    review("train/2", "film 2", 1, "..."),
]
TEST = [review("test/0", "film 3", 1, "good word"), review("test/1", "film 4", 0, "bad")]


def corpus(reviews: Sequence[Review], **about: Any) -> Corpus:
    return Corpus("mine", "mine", lambda: iter(reviews), **about)


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(store, "BATCH_SIZE", batch)
    # The splits may be interleaved.
    mixed = [TEST[0], *TRAIN[:2], TEST[1], TRAIN[2]]
    description = store.write(corpus(mixed), tmp_path)
    assert pq.read_table(tmp_path / "train.parquet").to_pydict() == {
        "id": ["train/0", "train/1", "train/2"],
        "group": ["film 1", "film 1", "film 2"],
        "label": [0, 1, 1],
        "text": ["Bad, bad film.", "Good FILM", "..."],
        "tokens": [["bad", "bad", "film"], ["good", "film"], None],
    }
    assert pq.read_table(tmp_path / "test.parquet")["id"].to_pylist() == ["test/0", "test/1"]
    assert tokenizer.read(tmp_path / "vocabulary.txt") == ["bad", "film", "good"]
    assert read_json(tmp_path / "corpus.json") == description
    assert (description["vocabulary"], description["overlap"]) == (3, 0)
    counts = {key: description["train"][key] for key in ("reviews", "positive", "groups")}
    assert counts == {"reviews": 3, "positive": 2, "groups": 2}


def test_vocabulary_of_the_corpus_is_used(tmp_path: Path) -> None:
    words = ["good", "unseen", "bad", "film"]
    store.write(corpus([*TRAIN, *TEST], vocabulary=words), tmp_path)
    assert tokenizer.read(tmp_path / "vocabulary.txt") == words


@pytest.mark.parametrize("labels", [[], [0], [1, 1, 1]])
def test_empty_or_one_class_split_is_refused(tmp_path: Path, labels: list[int]) -> None:
    for name, others in (("train", TEST), ("test", TRAIN)):
        few = [review(f"{name}/{n}", "film", label, "x") for n, label in enumerate(labels)]
        with pytest.raises(
            InputError, match=f"the {name} split of mine has {sum(labels)} positive"
        ):
            store.write(corpus([*few, *others]), tmp_path)


@pytest.mark.parametrize("duplicate", ["train/1", "test/0"])
def test_duplicate_id_is_refused(tmp_path: Path, duplicate: str) -> None:
    second = review(duplicate, "film 9", 0, "another text")
    with pytest.raises(
        InputError, match=f"line {duplicate}: the id '{duplicate}' is already used in line"
    ):
        store.write(corpus([*TRAIN, *TEST, second]), tmp_path)


def test_ids_are_unique_across_splits(tmp_path: Path) -> None:
    second = Review("test", "train/0", "film 9", 0, "another text", "line 9")
    with pytest.raises(
        InputError, match="line 9: the id 'train/0' is already used in line train/0"
    ):
        store.write(corpus([*TRAIN, *TEST, second]), tmp_path)


def test_overlap_is_counted_or_refused(tmp_path: Path) -> None:
    # Texts are compared exactly.
    others = [
        review("test/2", "film 9", 1, "Good FILM"),
        review("test/3", "film 9", 1, "good film"),
    ]
    reviews = [*TEST, *others, *TRAIN]
    assert store.write(corpus(reviews), tmp_path)["overlap"] == 1
    assert np.load(tmp_path / "overlap.npy").tolist() == [2]
    with pytest.raises(InputError, match=r"line test/2: .* is also in the training split"):
        store.write(corpus(reviews), tmp_path, refuse_overlap=True)
    assert store.write(corpus([*TRAIN, *TEST]), tmp_path, refuse_overlap=True)["overlap"] == 0


def make_reviews(review_count: int) -> Iterator[Review]:
    """Yield reviews of about 1,000 characters."""
    for number in range(review_count):
        split = ("train", "test")[number % 2]
        words = " ".join(f"word{(number * index) % 997}" for index in range(130))
        yield Review(split, f"{number}", f"{number % 999}", number // 2 % 2, words, f"{number}")


def peak_memory(review_count: int, folder: Path) -> int:
    """Return the peak memory, in kB, of a process that writes a corpus.

    It is read from /proc, because the peak from getrusage includes the parent process.
    """
    code = (
        "import sys; from pathlib import Path; from birnn.corpora import store;"
        "from birnn.corpora.sources import Corpus;"
        "from tests.birnn.corpora.test_store import make_reviews;"
        f"store.write(Corpus('m', 'm', lambda: make_reviews({review_count})), Path(sys.argv[1]));"
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    folder.mkdir()
    command = [sys.executable, "-c", code, str(folder)]
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    result = subprocess.run(
        command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=True
    )
    return int(result.stdout)


@pytest.mark.exhaustive
@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux reports the peak of a single process"
)
def test_memory_does_not_grow_with_the_corpus(tmp_path: Path) -> None:
    small = peak_memory(20_000, tmp_path / "small")
    large = peak_memory(200_000, tmp_path / "large")
    assert large < 1.2 * small
