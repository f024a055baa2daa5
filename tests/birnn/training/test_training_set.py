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


@pytest.mark.parametrize(
    ("rows", "groups", "words"),
    [
        ([0, 2], [1, 0], [["good"], ["fine"]]),
        ([0, 1, 3, 5], [1, 1, 2, 4], [["good"], ["bad", "film"], ["a"], ["c"]]),
    ],
)
def test_labelled_reviews_come_before_unlabelled_ones(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[int],
    groups: list[int],
    words: list[list[str]],
) -> None:
    monkeypatch.chdir(tmp_path)
    labelled: dict[str, Any] = {"tokens": LABELLED, "group": ["b", "b", "a"]}
    for file, columns in (
        (paths.TRAIN_REVIEWS, labelled),
        (paths.UNLABELLED_REVIEWS, {"tokens": UNLABELLED}),
    ):
        file.parent.mkdir(parents=True)
        pq.write_table(pa.table(columns), file)
    np.save("rows.npy", np.array(rows, np.int32))
    assert training_set.groups(Path()).tolist() == groups
    assert list(training_set.words(Path())) == words
