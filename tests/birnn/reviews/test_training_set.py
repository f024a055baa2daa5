"""The reviews that models train on, labelled and self-labelled."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from birnn.core import paths
from birnn.reviews import training_set


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write_reviews(
    labelled: list[list[str]], groups: list[str], unlabelled: list[list[str] | None]
) -> None:
    for file, columns in {
        paths.TRAIN_REVIEWS: {"tokens": labelled, "group": groups},
        paths.UNLABELLED_REVIEWS: {"tokens": unlabelled},
    }.items():
        file.parent.mkdir(parents=True)
        pq.write_table(pa.table(columns), file)


def test_labelled_reviews_come_before_unlabelled_ones() -> None:
    labelled = [["good"], ["bad", "film"], ["fine"]]
    write_reviews(labelled, ["b", "b", "a"], [["a"], ["b"], ["c"]])
    np.save("rows.npy", np.array([0, 1, 3, 5], np.int32))
    assert training_set.groups(Path()).tolist() == [1, 1, 2, 4]
    assert list(training_set.words(Path())) == [["good"], ["bad", "film"], ["a"], ["c"]]
    paths.UNLABELLED_REVIEWS.unlink()
    np.save("rows.npy", np.array([0, 2], np.int32))
    assert training_set.groups(Path()).tolist() == [1, 0]
    assert list(training_set.words(Path())) == [["good"], ["fine"]]
