"""The reader of damaged Parquet files."""

from contextlib import suppress
from io import BytesIO

import numpy as np
import pandas as pd

from birnn.core import parquet
from birnn.core.errors import InputError


def test_flipped_bits_give_a_table_or_one_error() -> None:
    content = pd.DataFrame({"text": ["good", "bad"], "label": [1, 0]}).to_parquet(index=False)
    generator = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(content)
        damaged[generator.integers(len(damaged))] ^= 1 << generator.integers(8)
        refused += 1
        with suppress(InputError):
            assert isinstance(parquet.read(BytesIO(damaged)), pd.DataFrame)
            refused -= 1
    assert 0 < refused < 300
