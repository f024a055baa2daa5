"""The reader of tables in Parquet files that may be damaged."""

from pathlib import Path
from typing import BinaryIO

import pandas as pd

from birnn.core.errors import InputError


def read(
    source: Path | BinaryIO,
    problem: str = "a Parquet file is damaged",
    columns: list[str] | None = None,
) -> pd.DataFrame:
    """Return a table with all or some of its columns, or raise InputError with `problem`."""
    try:
        return pd.read_parquet(source, columns=columns)
    # A flipped bit may cause any exception of pandas or pyarrow, such as KeyError.
    except Exception as error:
        raise InputError(problem) from error
