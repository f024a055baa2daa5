"""The reader of tables in Parquet files that may be damaged."""

from pathlib import Path

import pandas as pd

from birnn.runtime.errors import InputError


def read(file: Path, problem: str, columns: list[str] | None = None) -> pd.DataFrame:
    """Return a table with all or some of its columns, or raise InputError with `problem`."""
    try:
        return pd.read_parquet(file, columns=columns)
    # A flipped bit may cause any exception of pandas or pyarrow, such as KeyError.
    except Exception as error:
        raise InputError(problem) from error
