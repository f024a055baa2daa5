"""The settings of sources, and the user's labels."""

import re
import unicodedata
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from birnn.core.settings import SECTION, Fraction, Section, Sections, Seed
from birnn.reviews.corpus import CLASSES

FileName = Annotated[str, Field(pattern=r"^[^/\\]+$")]
Delimiter = Annotated[str, Field(pattern=r"^([^\w\s\"]|\t)$")]
Column = Annotated[str, Field(min_length=1)]
Label = str | int | bool
Labels = Label | Annotated[list[Label], Field(min_length=1)]
# Starts with a letter, breaks no Markdown, and is not true or false.
CLASS_NAME = re.compile(r"(?!true$|false$)[^\W\d_][\w '&/-]*", re.IGNORECASE)


class Fetch(Section):
    """The source of the reviews."""

    source: Literal["imdb", "rotten-tomatoes", "csv"]
    offline: Literal["rotten-tomatoes"] | None
    overlap: Literal["report", "refuse"]


def _check_encoding(name: str) -> str:
    """Accept the text encodings of Python."""
    try:
        b"a".decode(name, "replace")
    except (LookupError, ValueError):
        raise PydanticCustomError(
            "encoding", "no such encoding; use one such as utf-8, cp1252 or utf-16"
        ) from None
    return name


def _refuse_auto(value: Any) -> Any:
    """Refuse the default of earlier versions, which detected the format of each file."""
    if value == "auto":
        raise PydanticCustomError("auto", "name it; birnn data check FILE shows what fits a file")
    return value


class TableFormat(Section):
    """The format of text files."""

    columns: Annotated[list[Column], Field(min_length=1)] | None
    delimiter: Annotated[Delimiter | None, BeforeValidator(_refuse_auto)]
    quoting: Literal["minimal", "single", "none"]
    encoding: Annotated[str, AfterValidator(_check_encoding), BeforeValidator(_refuse_auto)]
    unusable: Literal["refuse", "skip"]


class Csv(TableFormat):
    """The files and columns of the user's own labelled reviews."""

    train: FileName
    test: Fraction | Label | None
    seed: Seed
    unlabelled: FileName | None
    text_column: Column
    label_column: Column
    positive: Labels
    negative: Labels | None
    split_column: Column | None
    id_column: Column | None
    group_column: Column | None

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if isinstance(self.test, float):
            one_split = self.split_column is None
        else:
            one_split = self.split_column is not None or isinstance(self.test, str)
        if not one_split:
            raise PydanticCustomError(
                SECTION,
                "set split_column (the column that names the split), or set it to null and test to "
                "the test file or to the fraction of test reviews, such as 0.2",
            )
        return self

    @property
    def classes(self) -> tuple[str, str]:
        """The names of the classes: their labels, if each is a single text label."""
        positive = str(self.positive).strip()
        negative = f"not {positive}" if self.negative is None else str(self.negative).strip()
        if CLASS_NAME.fullmatch(positive) and CLASS_NAME.fullmatch(negative):
            return negative, positive
        return CLASSES


class SourceSettings(Sections):
    """The sections on which the reviews of a corpus depend."""

    fetch: Fetch
    csv: Csv


def as_list(labels: Labels | None) -> list[Label]:
    """Return the labels of a class as a list, which is empty for all other labels."""
    return labels if isinstance(labels, list) else [labels] if labels is not None else []


def label_key(value: Any) -> str:
    """Return the form in which labels are compared: 4.0 is 4, and Positive is positive."""
    composed = unicodedata.normalize("NFC", str(value))  # macOS may decompose letters
    return re.sub(r"(?<=\d)\.0+$", "", composed.strip().casefold())
