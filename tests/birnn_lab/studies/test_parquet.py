"""The reader of damaged Parquet files."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd

from birnn.runtime.errors import InputError
from birnn_lab.studies import parquet


def test_flipped_bits_give_a_table_or_one_error(tmp_path: Path) -> None:
    content = pd.DataFrame({"text": ["good", "bad"], "label": [1, 0]}).to_parquet(index=False)
    generator = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(content)
        damaged[generator.integers(len(damaged))] ^= 1 << generator.integers(8)
        file = tmp_path / "damaged.parquet"
        file.write_bytes(damaged)
        refused += 1
        with suppress(InputError):
            assert isinstance(parquet.read(file, "is damaged"), pd.DataFrame)
            refused -= 1
    assert 0 < refused < 300
