"""Test files as people have them, and list the common ones in the docs.

`python -m tests.birnn.corpora.test_file_variants` updates the table in docs/own-data.md.
"""

import bz2
import csv
import gzip
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from birnn.core.errors import InputError
from birnn.core.settings import Csv, load
from birnn.corpora.labelled_files import LabelledFiles
from tests.projects import PROJECT

PAGE = PROJECT / "docs" / "own-data.md"
START, END = "<!-- variants -->\n", "<!-- end of variants -->\n"

TABLE = pd.DataFrame(
    [
        ("Dull, and long; a déjà vu.", "negative", "train"),
        ('A "joy"!', "positive", "train"),
        ("Très mauvais café,\nà éviter.", "negative", "test"),
        ("Fine.", "positive", "test"),
    ],
    columns=["text", "label", "split"],
)
BOOLEANS = TABLE.assign(label=TABLE["label"] == "positive")
NUMBERS = BOOLEANS.astype({"label": int})
MORE = pd.concat([TABLE.assign(text=TABLE["text"] + str(number)) for number in range(5)])
RUSSIAN = TABLE.assign(text=["Скучно.", "Отлично, советую!", "Очень плохо.", "Хорошо."])


@dataclass
class Variant:
    """Files as people have them.

    Attributes:
        title: what is special.
        files: the content of each file; `csv.train` is the first one, unless it is set.
        settings: the settings that they need.
        reviews: the expected texts and labels.
    """

    title: str
    files: dict[str, bytes]
    settings: dict[str, Any] = field(default_factory=dict)
    reviews: pd.DataFrame = field(default_factory=lambda: TABLE)


def to_csv(table: pd.DataFrame = TABLE, encoding: str = "utf-8", **options: Any) -> bytes:
    text: str = table.to_csv(None, **({"index": False} | options))
    return text.encode(encoding)


def labelled(labels: list[Any], **extra: Any) -> bytes:
    """Return a CSV file with other labels, and with an extra row."""
    rows = [TABLE.assign(label=labels)]
    rows += [pd.DataFrame([{"text": "So so.", "split": "train"} | extra])] if extra else []
    return to_csv(pd.concat(rows))


def to_json(table: pd.DataFrame = TABLE) -> bytes:
    lines: str = table.to_json(None, orient="records", lines=True)
    return lines.encode()


STARS = {"csv.positive": [4, 5], "csv.negative": [1, 2], "csv.unusable": "skip"}
ZERO_ONE = {"csv.positive": 1, "csv.negative": 0}
TRUE_FALSE = {"csv.positive": True, "csv.negative": False}
SPLIT_IN_FILES: dict[str, Any] = {"csv.split_column": None}

LISTED = [
    Variant("CSV by pandas: commas, UTF-8", {"reviews.csv": to_csv()}),
    Variant(
        "Excel's *CSV* on Western Windows",
        {"reviews.csv": to_csv(sep=";", encoding="cp1252", lineterminator="\r\n")},
    ),
    Variant("Labels 0 and 1", {"reviews.csv": to_csv(NUMBERS)}, ZERO_ONE),
    Variant("1 to 5 stars", {"reviews.csv": labelled([1, 4, 2, 5], label=3)}, STARS),
    Variant("No split", {"reviews.csv": to_csv(MORE)}, SPLIT_IN_FILES | {"csv.test": 0.2}, MORE),
    Variant(
        "Split with a validation part",
        {"reviews.csv": to_csv(TABLE.assign(split=["train", "val", "test", "test"]))},
        {"csv.test": "test"},
    ),
    Variant(
        "One file per split",
        {"reviews.csv": to_csv(TABLE[:2]), "test.csv": to_csv(TABLE[2:])},
        SPLIT_IN_FILES | {"csv.test": "test.csv"},
    ),
    Variant(
        "Parquet by Hugging Face *datasets*",
        {
            "train-00000-of-00001.parquet": NUMBERS[:2].to_parquet(None),
            "test-00000-of-00001.parquet": NUMBERS[2:].to_parquet(None),
        },
        SPLIT_IN_FILES | ZERO_ONE | {"csv.train": "train-*.parquet", "csv.test": "test-*.parquet"},
    ),
    Variant("JSON Lines", {"reviews.jsonl": to_json()}),
]
REFUSED = [
    Variant("A JSON array", {"reviews.json": json.dumps(TABLE.to_dict("records")).encode()}),
    Variant("An Excel workbook", {"reviews.xlsx": b"PK"}),
    Variant("A zip file, as from Kaggle", {"reviews.csv.zip": b"PK"}),
]
OTHERS = [
    Variant("Index", {"a.csv": to_csv(index=True)}),
    Variant("Tabs in .csv", {"a.csv": to_csv(sep="\t")}),
    Variant("Vertical bars", {"a.csv": to_csv(sep="|")}),
    Variant("Delimiter in the settings", {"a.csv": to_csv(sep="^")}, {"csv.delimiter": "^"}),
    Variant(".tsv", {"a.tsv": to_csv(sep="\t")}),
    Variant("Quotes", {"a.csv": to_csv(quoting=csv.QUOTE_ALL)}),
    Variant("sep= for Excel", {"a.csv": b"sep=;\n" + to_csv(sep=";")}),
    Variant("Byte order mark", {"a.csv": to_csv(encoding="utf-8-sig", lineterminator="\r\n")}),
    Variant("Latin-1", {"a.csv": to_csv(encoding="latin-1")}),
    Variant("Windows-1251", {"a.csv": to_csv(RUSSIAN, "cp1251")}, reviews=RUSSIAN),
    Variant("UTF-16, tabs", {"a.csv": to_csv(sep="\t", encoding="utf-16")}),
    Variant("UTF-16", {"a.csv": to_csv(encoding="utf-16-le")}, {"csv.encoding": "utf-16-le"}),
    Variant("5.0 stars", {"a.csv": labelled([1.0, 4.0, 2.0, 5.0], label=None)}, STARS),
    Variant("Categories", {"a.parquet": TABLE.astype("category").to_parquet(None)}),
    Variant("JSON booleans", {"a.jsonl": to_json(BOOLEANS)}, TRUE_FALSE),
    Variant("Parquet booleans", {"a.parquet": BOOLEANS.to_parquet(None)}, TRUE_FALSE),
    Variant("CSV booleans", {"a.csv": to_csv(BOOLEANS)}, TRUE_FALSE),
    Variant(
        "Numbers as text", {"a.csv": to_csv(NUMBERS)}, {"csv.positive": "1", "csv.negative": "0"}
    ),
    Variant("zstandard", {"a.jsonl.zst": pa.compress(to_json(), "zstd", asbytes=True)}),
    Variant("gzip", {"a.csv.gz": gzip.compress(to_csv())}),
    Variant("bzip2", {"a.csv.bz2": bz2.compress(to_csv())}),
]


def read(variant: Variant, folder: Path) -> tuple[LabelledFiles, pd.DataFrame]:
    """Return the files of a variant and their reviews."""
    for name, content in variant.files.items():
        (folder / name).write_bytes(content)
    changes = {name.removeprefix("csv."): value for name, value in variant.settings.items()}
    defaults = load(PROJECT / "params.yaml").csv.model_dump() | {"train": next(iter(variant.files))}
    files = LabelledFiles(Csv.model_validate(defaults | changes), folder)
    rows = [(review.text, review.label, review.split) for review in files.read()]
    return files, pd.DataFrame(rows, columns=TABLE.columns)


@pytest.mark.parametrize("variant", [*LISTED, *OTHERS], ids=lambda variant: variant.title)
def test_file_is_read(tmp_path: Path, variant: Variant) -> None:
    _, reviews = read(variant, tmp_path)
    assert reviews["text"].tolist() == variant.reviews["text"].tolist()
    assert reviews["label"].tolist() == (variant.reviews["label"] == "positive").tolist()
    if "csv.test" not in variant.settings:
        assert reviews["split"].tolist() == variant.reviews["split"].tolist()
    else:
        assert set(reviews["split"]) == {"train", "test"}


def result(variant: Variant) -> str:
    """Return what happens with the files of a variant, for users."""
    with tempfile.TemporaryDirectory() as name:
        try:
            files, _ = read(variant, Path(name))
        except InputError as error:
            return f"refused: {str(error).removeprefix(name + '/')}"
    # The name of the file is always the same.
    notes = [note.partition(": ")[2] if "encoding" in note else note for note in files.describe()]
    return "; ".join(["read", *notes])


def markdown() -> str:
    """Return the table of the listed variants for the docs."""
    rows = ["| file | settings | result |", "|---|---|---|"]
    for variant in [*LISTED, *REFUSED]:
        settings = ", ".join(
            f"`{name}={'null' if value is None else json.dumps(value).strip(chr(34))}`"
            for name, value in variant.settings.items()
        )
        rows.append(f"| {variant.title} | {settings} | {result(variant)} |")
    return "\n".join([*rows, ""])


def test_table_in_the_docs_is_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text[text.index(START) + len(START) : text.index(END)] == markdown()


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    before, after = page[: page.index(START) + len(START)], page[page.index(END) :]
    PAGE.write_text(before + markdown() + after, encoding="utf-8")
