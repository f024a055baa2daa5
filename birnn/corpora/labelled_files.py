"""The user's own labelled text: CSV, TSV, JSON Lines or Parquet, laid out as the settings say."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import shorten
from typing import Any

from birnn.core.errors import InputError
from birnn.core.settings import Csv
from birnn.corpora import tabular
from birnn.corpora.review import SPLITS, Review

FOLDER = Path("data/own")
SHOWN = 40  # characters of a value, in messages


def read(settings: Csv, folder: Path = FOLDER) -> Iterator[Review]:
    """Yield the rows of the files as reviews.

    Raises:
        InputError: a file is missing or damaged, a column is missing, a label or a split is
            unknown, or a text or an id is empty; named by file and line.
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
        for place, row in tabular.read(file, columns):
            yield _review(settings, file_split, place, row)


def _review(settings: Csv, file_split: str, place: str, row: dict[str, Any]) -> Review:
    split = file_split
    if settings.split_column is not None:
        split = _filled(row, settings.split_column, place)
        if split not in SPLITS:
            raise InputError(
                f"{place}, column {settings.split_column!r} is {_short(split)}, neither train "
                "nor test"
            )
    text = _filled(row, settings.text_column, place)
    if len(text.encode()) > tabular.LARGEST_TEXT:
        raise InputError(
            f"{place}, column {settings.text_column!r} is longer than {tabular.LARGEST_TEXT:,} "
            "bytes: shorten the text"
        )
    review_id, group = Path(place).name, None
    if settings.id_column is not None:
        review_id = _filled(row, settings.id_column, place)
    if settings.group_column is not None:
        group = _filled(row, settings.group_column, place)
    return Review(split, review_id, group or review_id, _label(settings, place, row), text, place)


def _label(settings: Csv, place: str, row: dict[str, Any]) -> int:
    found = _filled(row, settings.label_column, place)
    labels = {_as_text(settings.negative): 0, _as_text(settings.positive): 1}
    if found not in labels:
        raise InputError(
            f"{place}, column {settings.label_column!r} is {_short(found)}, neither csv.positive "
            f"({_as_text(settings.positive)}) nor csv.negative ({_as_text(settings.negative)}): "
            "mend the row or the settings"
        )
    return labels[found]


def _filled(row: dict[str, Any], column: str, place: str) -> str:
    value = row.get(column)
    if isinstance(value, bytes | dict | list):
        raise InputError(f"{place}, column {column!r} is neither text nor a number")
    text = "" if value is None else _as_text(value)
    if not text.strip():
        raise InputError(f"{place}, column {column!r} is empty: fill it, or remove the row")
    return text


def _as_text(value: Any) -> str:
    """Return a value as the formats write it: true and false in small letters."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _short(text: str) -> str:
    return repr(shorten(text, SHOWN, placeholder="…"))
