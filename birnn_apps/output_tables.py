"""CSV, JSON Lines and Parquet files that are written in batches of rows."""

import csv
import json
from collections.abc import Hashable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from birnn.core.outputs import atomic_file
from birnn.runtime.errors import InputError


def write(file: Path, tables: Iterator[pd.DataFrame]) -> None:
    """Write the rows of at least one table to a .csv, .jsonl or .parquet file.

    The file is written atomically: it appears only if all tables are read.
    """
    write_rows = WRITERS.get(file.suffix.lower())
    if write_rows is None:
        raise InputError(f"{file} has an unsupported extension: use one of {', '.join(WRITERS)}")
    with atomic_file(file) as temporary:
        write_rows(temporary, tables)


def records(table: pd.DataFrame) -> list[dict[Hashable, Any]]:
    """Return the rows, with None for missing values: JSON has no NaN."""
    return table.astype(object).where(table.notna(), None).to_dict("records")


def _write_csv(file: Path, tables: Iterator[pd.DataFrame]) -> None:
    # Otherwise, a carriage return in a text would end the row for most readers.
    options: Any = {"lineterminator": "\n", "quoting": csv.QUOTE_NONNUMERIC}
    with file.open("w", encoding="utf-8", newline="") as output:
        for table in tables:
            table.to_csv(output, index=False, header=output.tell() == 0, **options)


def _write_json_lines(file: Path, tables: Iterator[pd.DataFrame]) -> None:
    with file.open("w", encoding="utf-8") as output:
        for table in tables:
            output.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in records(table))


def _write_parquet(file: Path, tables: Iterator[pd.DataFrame]) -> None:
    rows = (pa.Table.from_pandas(table, preserve_index=False) for table in tables)
    first = next(rows)
    with pq.ParquetWriter(file, first.schema, compression="zstd") as output:
        for table in chain([first], rows):
            output.write_table(table)


WRITERS = {".csv": _write_csv, ".jsonl": _write_json_lines, ".parquet": _write_parquet}
