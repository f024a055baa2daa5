"""The reviews that models train on, labelled and self-labelled."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from birnn.core import paths
from birnn.training import training_set

LABELLED = [["good"], ["bad", "film"], ["fine"]]


def test_labelled_reviews_come_before_unlabelled_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for file in (paths.TRAIN_REVIEWS, paths.UNLABELLED_REVIEWS):
        file.parent.mkdir(parents=True)
    labelled = pa.table({"tokens": LABELLED, "group": ["b", "b", "a"]})
    pq.write_table(labelled, paths.TRAIN_REVIEWS)
    pq.write_table(pa.table({"tokens": [["a"], ["b"], ["c"]]}), paths.UNLABELLED_REVIEWS)
    np.save("rows.npy", np.array([0, 1, 3, 5], np.int32))
    assert training_set.groups(Path()).tolist() == [1, 1, 2, 4]
    assert list(training_set.words(Path())) == [["good"], ["bad", "film"], ["a"], ["c"]]
    paths.UNLABELLED_REVIEWS.unlink()
    np.save("rows.npy", np.array([0, 2], np.int32))
    assert training_set.groups(Path()).tolist() == [1, 0]
    assert list(training_set.words(Path())) == [["good"], ["fine"]]
