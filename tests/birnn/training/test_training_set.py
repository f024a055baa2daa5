"""The reviews that models train on, labelled and self-labelled."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from birnn.core import paths
from birnn.training import training_set

LABELLED = [["good"], ["bad", "film"], ["fine"]]
UNLABELLED = [["a"], ["b"], ["c"]]


def test_labelled_reviews_come_before_unlabelled_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    labelled: dict[str, Any] = {"tokens": LABELLED, "group": ["b", "b", "a"]}
    unlabelled: dict[str, Any] = {"tokens": UNLABELLED}
    for file, columns in (
        (paths.TRAIN_REVIEWS, labelled),
        (paths.UNLABELLED_REVIEWS, unlabelled),
    ):
        file.parent.mkdir(parents=True)
        pq.write_table(pa.table(columns), file)
    np.save("rows.npy", np.array([0, 1, 3, 5], np.int32))
    assert training_set.groups(Path()).tolist() == [1, 1, 2, 4]
    assert list(training_set.words(Path())) == [["good"], ["bad", "film"], ["a"], ["c"]]
    paths.UNLABELLED_REVIEWS.unlink()
    np.save("rows.npy", np.array([0, 2], np.int32))
    assert training_set.groups(Path()).tolist() == [1, 0]
    assert list(training_set.words(Path())) == [["good"], ["fine"]]
