"""Typed and validated settings of `params.yaml`; the folder that uses a section defines it."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from birnn.core.paths import PARAMS, PIPELINE
from birnn.core.yaml_files import read_yaml
from birnn.runtime.errors import InputError

SECTION = "section"  # type of an error that concerns several settings

SMALLEST = 1e-30  # far above the end of float32 (1e-38), so that quotients are finite, too

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Rate = Annotated[float, Field(ge=0, lt=1)]


class Section(BaseModel):
    """A frozen group of settings. Unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Sections(Section):
    """The settings that a stage reads: one field per section, with the name of the section."""

    model_config = ConfigDict(extra="ignore")


SectionsType = TypeVar("SectionsType", bound=Sections)
SectionType = TypeVar("SectionType", bound=Section)


def load(kind: type[SectionsType]) -> SectionsType:
    """Return the sections that a stage reads, after checking the names of all sections."""
    return validate(kind, read_yaml(PARAMS), PARAMS.name, declared_sections())


def read_pipeline() -> dict[str, dict[str, Any]]:
    """Return the stages in `dvc.yaml`."""
    try:
        return {name: dict(stage) for name, stage in read_yaml(PIPELINE)["stages"].items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{PIPELINE} is damaged: run git checkout -- {PIPELINE}") from error


def declared_sections() -> list[str]:
    """Return the sections of settings that stages declare in `dvc.yaml`."""
    stages = read_pipeline().values()
    declared = (name for stage in stages for name in stage.get("params") or [])
    return sorted({name.partition(".")[0] for name in declared if isinstance(name, str)})


def validate(
    kind: type[SectionsType], content: Any, source: str, sections: Collection[str]
) -> SectionsType:
    """Return the settings in `content`, in which only these `sections` may occur."""
    given = content if isinstance(content, dict) else {}
    if unknown := [name for name in given if name not in sections]:
        raise InputError(
            f"{source}: {unknown[0]}: no such section; choose from {', '.join(sections)}"
        )
    return validate_section(kind, content, source)


def flatten(sections: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the settings by full name, such as `train.seed`."""
    return {
        f"{section}.{name}": value
        for section, values in sections.items()
        for name, value in values.items()
    }


def validate_section(kind: type[SectionType], content: Any, source: str) -> SectionType:
    """Return the content of a source as a section, or as several."""
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{source}: {_describe_errors(error.errors(), kind)}") from error


def _describe_errors(details: list[ErrorDetails], kind: type[Section]) -> str:
    """Return one phrase per setting; a setting of several types has one error per type."""
    reasons: dict[str, list[str]] = {}
    subjects: dict[str, str] = {}
    for detail in details:
        key = ".".join(map(str, detail["loc"][:2])) or "the whole file"
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
