"""Read the user's own labelled text from CSV, TSV, JSON Lines or Parquet files."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import shorten
from typing import Any

from birnn.core.errors import InputError
from birnn.core.settings import Csv
from birnn.corpora import tabular
from birnn.corpora.review import SPLITS, Review

FOLDER = Path("data/own")
SHOWN = 40  # characters of a value in error messages


def read(settings: Csv, folder: Path = FOLDER) -> Iterator[Review]:
    """Yield the rows of the files as reviews.

    Raises:
        InputError: a file is missing or damaged, a column is missing, a label or a split is
            unknown, or a value is empty. The message names the file and the line.
    """
    names = (
        settings.text_column,
        settings.label_column,
        settings.split_column,
        settings.id_column,
        settings.group_column,
    )
    columns = [name for name in names if name is not None]
    files = [(folder / settings.train, "train")]
    if settings.test is not None:
        files.append((folder / settings.test, "test"))
    for file, file_split in files:
        for location, row in tabular.read(file, columns):
            yield _review(settings, file_split, location, row)


def _review(settings: Csv, file_split: str, location: str, row: dict[str, Any]) -> Review:
    split = file_split
    if settings.split_column is not None:
        split = _value(row, settings.split_column, location)
        if split not in SPLITS:
            raise InputError(
                f"{location}, column {settings.split_column!r} is {_short(split)}, neither train "
                "nor test: fix the row"
            )
    text = _value(row, settings.text_column, location)
    if len(text.encode()) > tabular.LARGEST_TEXT:
        raise InputError(
            f"{location}, column {settings.text_column!r} is longer than "
            f"{tabular.LARGEST_TEXT:,} bytes: shorten the text"
        )
    review_id, group = Path(location).name, None
    if settings.id_column is not None:
        review_id = _value(row, settings.id_column, location)
    if settings.group_column is not None:
        group = _value(row, settings.group_column, location)
    label = _label(settings, location, row)
    return Review(split, review_id, group or review_id, label, text, location)


def _label(settings: Csv, location: str, row: dict[str, Any]) -> int:
    value = _value(row, settings.label_column, location)
    labels = {_as_text(settings.negative): 0, _as_text(settings.positive): 1}
    if value not in labels:
        raise InputError(
            f"{location}, column {settings.label_column!r} is {_short(value)}, neither "
            f"csv.positive ({_as_text(settings.positive)}) nor csv.negative "
            f"({_as_text(settings.negative)}): fix the row or the settings"
        )
    return labels[value]


def _value(row: dict[str, Any], column: str, location: str) -> str:
    """Return a value as text, which must not be empty."""
    value = row.get(column)
    if isinstance(value, bytes | dict | list):
        raise InputError(f"{location}, column {column!r} is neither text nor a number: fix it")
    text = "" if value is None else _as_text(value)
    if not text.strip():
        raise InputError(f"{location}, column {column!r} is empty: fill it, or remove the row")
    return text


def _as_text(value: Any) -> str:
    """Return a value as the file formats write it: true and false in lowercase."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _short(text: str) -> str:
    return repr(shorten(text, SHOWN, placeholder="…"))
