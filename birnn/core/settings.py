"""Typed and validated settings of `params.yaml`."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from birnn.core.errors import InputError
from birnn.core.paths import PARAMS
from birnn.core.yaml_files import read_yaml

SECTION = "section"  # type of an error that concerns several settings

SMALLEST = 1e-30  # far above the end of float32 (1e-38), so that quotients are finite, too

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
Side = Literal["pre", "post"]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Rate = Annotated[float, Field(ge=0, lt=1)]
FileName = Annotated[str, Field(pattern=r"^[^/\\]+$")]
Delimiter = Annotated[str, Field(pattern=r"^([^\w\s\"]|\t|auto)$")]
Column = Annotated[str, Field(min_length=1)]
Kernel = Literal["auto", "fused", "keras"]
Pooling = Literal["last", "max_mean"]
Label = str | int | bool
Labels = Label | Annotated[list[Label], Field(min_length=1)]
CLASSES = ("negative", "positive")  # of the labels 0 and 1, unless the user's labels name them
# Starts with a letter, breaks no Markdown, and is not true or false.
CLASS_NAME = re.compile(r"(?!true$|false$)[^\W\d_][\w '&/-]*", re.IGNORECASE)
Value = str | int | float | bool | None | list[Any]


class Section(BaseModel):
    """A frozen group of settings. Unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


SectionType = TypeVar("SectionType", bound=Section)


def _refuse_removed(source: Any) -> Any:
    """Name the replacement of a source that was removed."""
    if source == "imdb-npz":
        raise PydanticCustomError(
            "removed", "this source was removed: use imdb, which gives the same ids"
        )
    return source


class Fetch(Section):
    """The source of the reviews."""

    source: Annotated[Literal["imdb", "rotten-tomatoes", "csv"], BeforeValidator(_refuse_removed)]
    offline: Literal["rotten-tomatoes"] | None
    overlap: Literal["report", "refuse"]


def _check_encoding(name: str) -> str:
    """Accept auto and the encodings of Python."""
    try:
        b"a".decode("utf-8" if name == "auto" else name, "replace")
    except (LookupError, ValueError):
        raise PydanticCustomError(
            "encoding", "no such encoding; use auto, or one such as utf-8, cp1252 or utf-16"
        ) from None
    return name


class Csv(Section):
    """The files and columns of the user's own labelled reviews."""

    train: FileName
    test: Fraction | Label | None
    seed: Seed
    unlabelled: FileName | None
    columns: Annotated[list[Column], Field(min_length=1)] | None
    delimiter: Delimiter
    quoting: Literal["minimal", "none"]
    encoding: Annotated[str, AfterValidator(_check_encoding)]
    text_column: Column
    label_column: Column
    positive: Labels
    negative: Labels | None
    unusable: Literal["refuse", "skip"]
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


def as_list(labels: Labels | None) -> list[Label]:
    """Return the labels of a class as a list, which is empty for all other labels."""
    return labels if isinstance(labels, list) else [labels] if labels is not None else []


def label_key(value: Any) -> str:
    """Return the form in which labels are compared: 4.0 is 4, and Positive is positive."""
    composed = unicodedata.normalize("NFC", str(value))  # macOS may decompose letters
    return re.sub(r"(?<=\d)\.0+$", "", composed.strip().casefold())


class Pad(Section):
    """The encoding of reviews as sequences of equal length, and the hold-out."""

    num_words: int = Field(ge=5, le=10_000_000)
    maxlen: int = Field(ge=1, le=10_000)
    padding: Side
    truncating: Side
    validation: Literal["test"] | Fraction
    seed: Seed


class Network(Section):
    """The parts that all networks share, their regularization and their implementation."""

    embedding_dim: int = Field(ge=1, le=4096)
    pooling: Pooling
    dropout: Rate
    embedding_dropout: Rate
    word_dropout: Rate
    kernel: Kernel


class WordVectors(Section):
    """The word vectors that initialize the networks."""

    reviews: Literal["none", "train", "all"]
    norm: float = Field(ge=SMALLEST, le=1_000)
    window: int = Field(ge=1, le=1_000)
    negative: int = Field(ge=1, le=100)
    min_count: int = Field(ge=1, le=1_000_000)
    epochs: int = Field(ge=1, le=1_000)
    seed: Seed
    regions: int = Field(ge=0, le=10_000_000)
    region_epochs: int = Field(ge=1, le=1_000)


class Ngrams(Section):
    """The log-count ratios of n-grams, an additional input of the networks."""

    longest: int = Field(ge=0, le=5)
    min_reviews: int = Field(ge=1, le=1_000_000)
    smoothing: float = Field(ge=SMALLEST, le=1_000)
    folds: int = Field(ge=2, le=1_000)
    seed: Seed


class Baseline(Section):
    """The linear baseline."""

    ngrams: int = Field(ge=1, le=5)
    min_reviews: int = Field(ge=1, le=1_000_000)
    weighting: Literal["naive-bayes", "tf-idf"]
    smoothing: float = Field(ge=SMALLEST, le=1_000)
    inverse_regularization: float = Field(ge=SMALLEST, le=1_000_000)


class Train(Section):
    """The training of a network."""

    seed: Seed
    epochs: int = Field(ge=1, le=10_000)
    batch_size: int = Field(ge=1, le=1_000_000)
    optimizer: Literal["adam", "adamw", "nadam", "rmsprop", "sgd"]
    learning_rate: float = Field(ge=SMALLEST, le=10)
    schedule: Literal["constant", "cosine"]
    clipnorm: Annotated[float, Field(ge=SMALLEST, le=1_000_000)] | None
    self_training: bool


class Report(Section):
    """The interpretation of results."""

    equivalence: float = Field(ge=0, le=100)
    select: Literal["auto", "accuracy", "average_precision"]


class Settings(Section):
    """All settings of `params.yaml`.

    The sections of single networks, such as `bilstm`, are additional attributes. Their values are
    checked by `section`, because most stages do not import the networks.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, dict[str, Value]]

    fetch: Fetch
    csv: Csv
    pad: Pad
    word_vectors: WordVectors
    ngrams: Ngrams
    network: Network
    train: Train
    baseline: Baseline
    report: Report

    def section(self, name: str, kind: type[SectionType], source: str = PARAMS.name) -> SectionType:
        """Return the section of a network, empty if missing, from a source (see `validate`)."""
        return validate_section(kind, self.__pydantic_extra__.get(name, {}), source, within=(name,))


def needs_unlabelled(word_vectors_reviews: str, *, self_training: bool) -> bool:
    """Return whether models learn from unlabelled reviews, given the settings with these names."""
    return word_vectors_reviews == "all" or self_training


def load(path: Path = PARAMS, networks: Collection[str] | None = None) -> Settings:
    """Read and validate the settings.

    Args:
        path: file of the settings.
        networks: names of further sections, such as networks; None allows any section.
    """
    return validate(read_yaml(path), str(path), networks)


def validate(content: Any, source: str, networks: Collection[str] | None = None) -> Settings:
    """Return the settings in `content`."""
    checked = validate_section(Settings, content, source)
    for section in checked.__pydantic_extra__:
        if networks is not None and section not in networks:
            known = ", ".join(dict.fromkeys((*Settings.model_fields, *networks)))
            raise InputError(f"{source}: {section}: no such section; choose from {known}")
    return checked


def flatten(sections: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the settings by full name, such as `train.seed`."""
    return {
        f"{section}.{name}": value
        for section, values in sections.items()
        for name, value in values.items()
    }


def validate_section(
    kind: type[SectionType], content: Any, source: str, within: tuple[str, ...] = ()
) -> SectionType:
    """Return the content of a source, or of the section `within` it."""
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{source}: {_describe_errors(error.errors(), kind, within)}") from error


def _describe_errors(
    details: list[ErrorDetails], kind: type[Section], within: tuple[str, ...]
) -> str:
    """Return one phrase per setting; a setting of several types has one error per type."""
    reasons: dict[str, list[str]] = {}
    subjects: dict[str, str] = {}
    for detail in details:
        key = ".".join(map(str, (*within, *detail["loc"])[:2])) or "the whole file"
        reasons.setdefault(key, []).append(_reason(detail, kind))
        value = "missing" if detail["type"] == "missing" else repr(detail["input"])
        subjects[key] = key if detail["type"] == SECTION else f"{key} is {value}"
    return "; ".join(f"{subjects[key]}: {' or '.join(reasons[key])}" for key in reasons)


def _reason(detail: ErrorDetails, kind: type[Section]) -> str:
    if detail["type"] == "extra_forbidden":
        for part in detail["loc"][:-1]:
            kind = kind.model_fields[str(part)].annotation  # type: ignore[assignment]
        return f"no such setting; choose from {', '.join(kind.model_fields) or 'none'}"
    if detail["type"] == "string_pattern_mismatch":  # the pattern would explain nothing
        return f"its comment in {PARAMS.name} says which text is allowed"
    return detail["msg"][0].lower() + detail["msg"][1:]
