"""The settings of `params.yaml`, typed, frozen and checked before any work."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from birnn.errors import InputError

FILE = Path("params.yaml")

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
Side = Literal["pre", "post"]
Fraction = Annotated[float, Field(gt=0, lt=1)]


class Section(BaseModel):
    """A group of settings: no unknown key, no conversion of types, no change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Fetch(Section):
    """Where the reviews come from."""

    source: Literal["imdb", "rotten-tomatoes"]
    offline: Literal["rotten-tomatoes"] | None


class Pad(Section):
    """How reviews become sequences of equal length."""

    num_words: int = Field(ge=5, le=10_000_000)
    maxlen: int = Field(ge=1, le=10_000)
    padding: Side
    truncating: Side
    validation: Literal["test"] | Fraction
    seed: Seed


class Network(Section):
    """The shape of the two networks."""

    embedding_dim: int = Field(ge=1, le=4096)
    lstm_units: int = Field(ge=1, le=4096)
    gru_units: int = Field(ge=1, le=4096)
    dropout: float = Field(ge=0, lt=1)


class Baseline(Section):
    """The linear baseline."""

    ngrams: int = Field(ge=1, le=5)
    min_reviews: int = Field(ge=1, le=1_000_000)
    smoothing: float = Field(gt=0, le=1_000)
    inverse_regularization: float = Field(gt=0, le=1_000_000)


class Train(Section):
    """How a network is fitted."""

    seed: Seed
    epochs: int = Field(ge=1, le=10_000)
    batch_size: int = Field(ge=1, le=1_000_000)
    optimizer: Literal["adam", "adamw", "nadam", "rmsprop", "sgd"]
    learning_rate: float = Field(gt=0, le=10)


class Settings(Section):
    """Everything in `params.yaml`."""

    fetch: Fetch
    pad: Pad
    network: Network
    train: Train
    baseline: Baseline


def load(path: Path = FILE) -> Settings:
    """Read and check the settings.

    They are parsed as DVC parses them, so that a stage sees the values that DVC tracks
    (PyYAML would read `1e-3` as text).

    Raises:
        InputError: the file is missing, no YAML, or holds an unknown key, a wrong type or a
            value out of range. Every mistake is named by key, value and what is allowed.
    """
    try:
        content = YAML(typ="safe").load(path)
    except FileNotFoundError:
        raise InputError(f"{path} is missing: run the stage in the project's folder") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{path}: {_mistakes(error.errors())}") from error


def _mistakes(details: list[ErrorDetails]) -> str:
    """One phrase a key: a key of several types has an error for each type that did not fit."""
    reasons: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for detail in details:
        key = ".".join(str(part) for part in detail["loc"][:2]) or "the whole file"
        reasons.setdefault(key, []).append(_reason(detail))
        values[key] = "missing" if detail["type"] == "missing" else repr(detail["input"])
    return "; ".join(f"{key} is {values[key]}: {' or '.join(reasons[key])}" for key in reasons)


def _reason(detail: ErrorDetails) -> str:
    if detail["type"] == "extra_forbidden":
        section = Settings
        for part in detail["loc"][:-1]:
            section = section.model_fields[str(part)].annotation  # type: ignore[assignment]
        return f"no such setting; there are {', '.join(section.model_fields)}"
    return detail["msg"][0].lower() + detail["msg"][1:]
