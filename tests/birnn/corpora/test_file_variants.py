"""Test files as people have them, and list the common ones in the docs.

`python -m tests.birnn.corpora.test_file_variants` updates the table in docs/own-data.md.
"""

import bz2
import csv
import gzip
import io
import json
import tempfile
from collections.abc import Callable
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
NUMBERS = TABLE.assign(label=(TABLE["label"] == "positive").astype(int))
UNSPLIT = TABLE[["text", "label"]]
MORE = pd.concat([UNSPLIT.assign(text=UNSPLIT["text"] + str(number)) for number in range(5)])
RUSSIAN = ["Скучно и долго.", "Отлично, всем советую!", "Очень плохо.", "Хороший фильм."]
SPLIT_IN_FILES = {"csv.split_column": None}

Write = Callable[[Path], Any]
"""A function that writes the files of a variant into a folder."""


@dataclass
class Variant:
    """A file as people have it.

    Attributes:
        title: what is special.
        write: writes the files into a folder.
        settings: the settings that it needs.
        refused: the start of the error message, or None if the file is read.
        reviews: the expected texts and labels; by default the rows of TABLE.
        listed: whether the docs list it.
    """

    title: str
    write: Write
    settings: dict[str, Any] = field(default_factory=dict)
    refused: str | None = None
    reviews: pd.DataFrame = field(default_factory=lambda: TABLE)
    listed: bool = False


def to_csv(
    table: pd.DataFrame = TABLE, name: str = "reviews.csv", before: str = "", **options: Any
) -> Write:
    """Return a function that writes a table as pandas does."""
    encoding = options.pop("encoding", "utf-8")
    text = table.to_csv(None, **({"index": False} | options))
    return to_bytes((before + text).encode(encoding), name)


def to_bytes(content: bytes, name: str = "reviews.csv") -> Write:
    return lambda folder: (folder / name).write_bytes(content)


def to_parquet(table: pd.DataFrame, name: str = "reviews.parquet") -> Write:
    return lambda folder: table.to_parquet(folder / name, index=False)


def json_lines() -> bytes:
    return TABLE.to_json(None, orient="records", lines=True).encode()


def in_order(*writes: Write) -> Write:
    return lambda folder: [write(folder) for write in writes]


def to_parts(folder: Path) -> None:
    """Write as Spark does: parts in a folder, and a mark of success."""
    (folder / "parts").mkdir()
    for number in (0, 1):
        to_csv(TABLE[2 * number : 2 * number + 2], f"part-{number}.csv")(folder / "parts")
    (folder / "parts" / "_SUCCESS").touch()


def csv_bytes(table: pd.DataFrame = TABLE) -> bytes:
    return table.to_csv(None, index=False).encode()


def with_labels(labels: list[Any]) -> pd.DataFrame:
    return TABLE.assign(label=labels)


STARS = {"csv.positive": [4, 5], "csv.negative": [1, 2], "csv.unusable": "skip"}
ZERO_ONE = {"csv.positive": 1, "csv.negative": 0}
EXTRA = pd.DataFrame([("So so.", "neutral", "train")], columns=TABLE.columns)
GAP = pd.DataFrame([(None, "positive", "train")], columns=TABLE.columns)
ONE_LINE = TABLE.assign(text=TABLE["text"].str.replace("\n", " "))

VARIANTS = [
    Variant("CSV by pandas: commas, UTF-8", to_csv(), listed=True),
    Variant("CSV by pandas with the index", to_csv(index=True)),
    Variant("Semicolons, as in many European exports", to_csv(sep=";")),
    Variant("Tabs in `.csv`", to_csv(sep="\t")),
    Variant("Vertical bars", to_csv(sep="|")),
    Variant("Another delimiter", to_csv(sep="^"), {"csv.delimiter": "^"}),
    Variant("`.tsv`", to_csv(sep="\t", name="reviews.tsv"), {"csv.train": "reviews.tsv"}),
    Variant("All values in quotes", to_csv(quoting=csv.QUOTE_ALL)),
    Variant("First line `sep=;` for Excel", to_csv(sep=";", before="sep=;\n")),
    Variant(
        "Excel's *CSV UTF-8*: byte order mark, CRLF",
        to_csv(encoding="utf-8-sig", lineterminator="\r\n"),
    ),
    Variant(
        "Excel's *CSV* on Western Windows",
        to_csv(sep=";", encoding="cp1252", lineterminator="\r\n"),
        listed=True,
    ),
    Variant("Latin-1", to_csv(encoding="latin-1")),
    Variant(
        "Russian in Windows-1251",
        to_csv(TABLE.assign(text=RUSSIAN), encoding="cp1251"),
        reviews=TABLE.assign(text=RUSSIAN),
    ),
    Variant("Excel's *Unicode Text*: UTF-16, tabs", to_csv(sep="\t", encoding="utf-16")),
    Variant(
        "UTF-16 without byte order mark",
        to_csv(encoding="utf-16-le"),
        refused="reviews.csv, line 1, byte 2 is a NUL byte",
    ),
    Variant(
        "UTF-16 without byte order mark",
        to_csv(encoding="utf-16-le"),
        {"csv.encoding": "utf-16-le"},
    ),
    Variant(
        "UTF-8 with a damaged byte",
        to_bytes(csv_bytes().replace("é".encode(), b"\xc3", 1)),
        refused="reviews.csv, line 2, byte 21 is not UTF-8",
    ),
    Variant(
        "Only CR at the ends of lines",
        to_csv(lineterminator="\r"),
        refused="reviews.csv, line 1 has a carriage return",
    ),
    Variant("Empty lines", to_bytes(csv_bytes(ONE_LINE).replace(b"\n", b"\n\n")), reviews=ONE_LINE),
    Variant(
        "Quotes escaped by a backslash, as Spark writes",
        to_csv(doublequote=False, escapechar="\\", quoting=csv.QUOTE_ALL),
        refused="reviews.csv, line 3 is not valid CSV",
    ),
    Variant(
        "Text with commas, not in quotes",
        to_bytes(b"text,label,split\nDull, and long,negative,train\n"),
        refused="reviews.csv, line 2: expected 3 columns, found 4",
    ),
    Variant(
        "Two columns of one name",
        to_bytes(b"text,text,label,split\n"),
        refused="reviews.csv has 2 columns 'text'",
    ),
    Variant(
        "A missing text",
        to_csv(pd.concat([TABLE, GAP])),
        refused="reviews.csv, line 7, column 'text' is empty",
    ),
    Variant("A missing text", to_csv(pd.concat([TABLE, GAP])), {"csv.unusable": "skip"}),
    Variant(
        "A third label",
        to_csv(pd.concat([TABLE, EXTRA])),
        refused="reviews.csv, line 7, column 'label' is 'neutral'",
    ),
    Variant("A third label", to_csv(pd.concat([TABLE, EXTRA])), {"csv.unusable": "skip"}),
    Variant("Labels 0 and 1", to_csv(NUMBERS), ZERO_ONE, listed=True),
    Variant(
        "Labels False and True by pandas",
        to_csv(with_labels([False, True, False, True])),
        {"csv.positive": True, "csv.negative": False},
    ),
    Variant(
        "1 to 5 stars",
        to_csv(pd.concat([with_labels([1, 4, 2, 5]), EXTRA.assign(label=3)])),
        STARS,
        listed=True,
    ),
    Variant(
        "Stars such as 5.0: a column with gaps",
        to_csv(pd.concat([with_labels([1.0, 4.0, 2.0, 5.0]), EXTRA.assign(label=None)])),
        STARS,
    ),
    Variant(
        "No split",
        to_csv(MORE),
        {"csv.split_column": None, "csv.test": 0.2},
        reviews=MORE,
        listed=True,
    ),
    Variant(
        "Split with a validation part",
        to_csv(TABLE.assign(split=["train", "val", "test", "test"])),
        refused="reviews.csv, line 3, column 'split' is 'val'",
    ),
    Variant(
        "Split with a validation part",
        to_csv(TABLE.assign(split=["train", "val", "test", "test"])),
        {"csv.test": "test"},
        listed=True,
    ),
    Variant(
        "One file per split",
        in_order(to_csv(UNSPLIT[:2]), to_csv(UNSPLIT[2:], "test.csv")),
        SPLIT_IN_FILES | {"csv.test": "test.csv"},
        listed=True,
    ),
    Variant("A folder of parts by Spark", to_parts, {"csv.train": "parts"}),
    Variant(
        "Parquet by Hugging Face *datasets*",
        in_order(
            to_parquet(NUMBERS[:2], "train-00000-of-00001.parquet"),
            to_parquet(NUMBERS[2:], "test-00000-of-00001.parquet"),
        ),
        SPLIT_IN_FILES | ZERO_ONE | {"csv.train": "train-*.parquet", "csv.test": "test-*.parquet"},
        listed=True,
    ),
    Variant(
        "Parquet by pandas with categories",
        to_parquet(TABLE.astype({"label": "category", "split": "category"})),
        {"csv.train": "reviews.parquet"},
    ),
    Variant(
        "JSON Lines",
        to_bytes(json_lines(), "reviews.jsonl"),
        {"csv.train": "reviews.jsonl"},
        listed=True,
    ),
    Variant(
        "JSON Lines, zstandard",
        to_bytes(pa.compress(json_lines(), "zstd", asbytes=True), "reviews.jsonl.zst"),
        {"csv.train": "reviews.jsonl.zst"},
    ),
    Variant(
        "CSV, gzip",
        to_bytes(gzip.compress(csv_bytes()), "reviews.csv.gz"),
        {"csv.train": "reviews.csv.gz"},
    ),
    Variant(
        "CSV, bzip2",
        to_bytes(bz2.compress(csv_bytes()), "reviews.csv.bz2"),
        {"csv.train": "reviews.csv.bz2"},
    ),
    Variant(
        "A truncated download",
        to_bytes(gzip.compress(csv_bytes())[:-9], "reviews.csv.gz"),
        {"csv.train": "reviews.csv.gz"},
        refused="reviews.csv.gz is truncated",
    ),
    Variant(
        "A JSON array",
        to_bytes(json.dumps(TABLE.to_dict("records")).encode(), "reviews.json"),
        {"csv.train": "reviews.json"},
        refused="reviews.json has an unsupported extension",
        listed=True,
    ),
    Variant(
        "An Excel workbook",
        to_bytes(b"PK", "reviews.xlsx"),
        {"csv.train": "reviews.xlsx"},
        refused="reviews.xlsx has an unsupported extension",
        listed=True,
    ),
    Variant(
        "A zip file, as from Kaggle",
        to_bytes(b"PK", "reviews.csv.zip"),
        {"csv.train": "reviews.csv.zip"},
        refused="reviews.csv.zip has an unsupported extension",
        listed=True,
    ),
]


def read(variant: Variant, folder: Path) -> tuple[LabelledFiles, pd.DataFrame]:
    """Return the files of a variant and their reviews."""
    variant.write(folder)
    changes = {name.removeprefix("csv."): value for name, value in variant.settings.items()}
    defaults = load(PROJECT / "params.yaml").csv.model_dump()
    files = LabelledFiles(Csv.model_validate(defaults | changes), folder)
    rows = [(review.text, review.label, review.split) for review in files.read()]
    return files, pd.DataFrame(rows, columns=TABLE.columns)


@pytest.mark.parametrize(
    "variant",
    VARIANTS,
    ids=[f"{number}-{variant.title}" for number, variant in enumerate(VARIANTS)],
)
def test_file_is_read_or_refused(tmp_path: Path, variant: Variant) -> None:
    if variant.refused is not None:
        with pytest.raises(InputError) as error:
            read(variant, tmp_path)
        message = str(error.value).removeprefix(f"{tmp_path}/")
        assert message.startswith(variant.refused)
        assert "\n" not in message
        return
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
    output = io.StringIO()
    output.write("| file | settings | result |\n|---|---|---|\n")
    for variant in filter(lambda each: each.listed, VARIANTS):
        settings = ", ".join(
            f"`{name}={'null' if value is None else json.dumps(value).strip(chr(34))}`"
            for name, value in variant.settings.items()
            if name != "csv.train" or set(value) & set("*?/") or "." not in value
        )
        text = result(variant).replace("|", "\\|")
        output.write(f"| {variant.title} | {settings} | {text} |\n")
    return output.getvalue()


def test_table_in_the_docs_is_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text[text.index(START) + len(START) : text.index(END)] == markdown()


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    before, after = page[: page.index(START) + len(START)], page[page.index(END) :]
    PAGE.write_text(before + markdown() + after, encoding="utf-8")
