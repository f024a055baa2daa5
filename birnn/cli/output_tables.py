"""CSV, JSON Lines and Parquet files that are written in batches of rows."""

import csv
import json
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from birnn.core.errors import InputError
from birnn.core.outputs import atomic_file

Write = Callable[[pd.DataFrame], None]


@contextmanager
def writer(file: Path) -> Iterator[Write]:
    """Yield a function that appends rows to a .csv, .jsonl or .parquet file.

    The file is written atomically: it appears only if the block succeeds.

    Raises:
        InputError: the extension is not supported.
    """
    open_table = WRITERS.get(file.suffix.lower())
    if open_table is None:
        raise InputError(f"{file} has an unsupported extension: use one of {', '.join(WRITERS)}")
    with atomic_file(file) as temporary, open_table(temporary) as write:
        yield write


def records(table: pd.DataFrame) -> list[dict[Hashable, Any]]:
    """Return the rows, with None for missing values: JSON has no NaN."""
    return table.astype(object).where(table.notna(), None).to_dict("records")


@contextmanager
def _csv(file: Path) -> Iterator[Write]:
    with file.open("w", encoding="utf-8", newline="") as output:
        # Otherwise, a carriage return in a text would end the row for most readers.
        options: Any = {"lineterminator": "\n", "quoting": csv.QUOTE_NONNUMERIC}
        yield lambda table: table.to_csv(output, index=False, header=output.tell() == 0, **options)


@contextmanager
def _json_lines(file: Path) -> Iterator[Write]:
    with file.open("w", encoding="utf-8") as output:
        yield lambda table: output.writelines(
            json.dumps(row, ensure_ascii=False) + "\n" for row in records(table)
        )


@contextmanager
def _parquet(file: Path) -> Iterator[Write]:
    writers: list[pq.ParquetWriter] = []  # none before the first batch, which has the schema

    def write(table: pd.DataFrame) -> None:
        rows = pa.Table.from_pandas(table, preserve_index=False)
        if not writers:
            writers.append(pq.ParquetWriter(file, rows.schema, compression="zstd"))
        writers[0].write_table(rows)

    try:
        yield write
    finally:
        for output in writers:
            output.close()


WRITERS = {".csv": _csv, ".jsonl": _json_lines, ".parquet": _parquet}
