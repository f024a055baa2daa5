"""Tables that are written a batch of rows at a time: CSV, JSON Lines and Parquet."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from birnn.core.errors import InputError
from birnn.core.outputs import atomic_file

Write = Callable[[pd.DataFrame], None]


@contextmanager
def writer(file: Path) -> Iterator[Write]:
    """Yield what appends rows to a file, by the ending of its name: .csv, .jsonl or .parquet.

    The file is whole when the block ends well, and otherwise not written.

    Raises:
        InputError: the ending is another.
    """
    open_table = WRITERS.get(file.suffix.lower())
    if open_table is None:
        raise InputError(f"{file} is none of {', '.join(WRITERS)}: choose one of these endings")
    with atomic_file(file) as part, open_table(part) as write:
        yield write


@contextmanager
def _csv(file: Path) -> Iterator[Write]:
    with file.open("w", encoding="utf-8", newline="") as output:

        def write(table: pd.DataFrame) -> None:
            table.to_csv(output, index=False, header=output.tell() == 0, lineterminator="\n")

        yield write


@contextmanager
def _json_lines(file: Path) -> Iterator[Write]:
    with file.open("w", encoding="utf-8") as output:

        def write(table: pd.DataFrame) -> None:
            rows = table.to_dict("records")
            output.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)

        yield write


@contextmanager
def _parquet(file: Path) -> Iterator[Write]:
    opened: list[pq.ParquetWriter] = []

    def write(table: pd.DataFrame) -> None:
        rows = pa.Table.from_pandas(table, preserve_index=False)
        if not opened:
            opened.append(pq.ParquetWriter(file, rows.schema, compression="zstd"))
        opened[0].write_table(rows)

    try:
        yield write
    finally:
        for output in opened:
            output.close()


WRITERS = {".csv": _csv, ".jsonl": _json_lines, ".parquet": _parquet}
