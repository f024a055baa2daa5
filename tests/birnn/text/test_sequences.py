"""Tests of sequences in memory-mapped files."""

from pathlib import Path

import numpy as np

from birnn.text import sequences


def test_batches_are_concatenated(tmp_path: Path) -> None:
    written = np.arange(12, dtype=np.int32).reshape(6, 2)
    labels = np.array([0, 1, 1, 0, 1, 0], np.uint8)
    rows = np.array([0, 2, 3, 5, 7, 8], np.int32)
    batches = [(written[start:end], labels[start:end]) for start, end in ((0, 4), (4, 4), (4, 6))]
    sequences.write(batches, rows, 2, tmp_path / "padded")
    read, read_labels = sequences.read(tmp_path / "padded")
    assert read.tolist() == written.tolist()
    assert read_labels.tolist() == labels.tolist()
    assert np.load(tmp_path / "padded" / "rows.npy").tolist() == rows.tolist()
    assert (read.dtype, read_labels.dtype) == (np.int32, np.uint8)
    assert isinstance(read, np.memmap)
