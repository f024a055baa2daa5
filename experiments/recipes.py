"""Recipes: named sets of settings, each of which adds to those before it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from birnn.core.errors import InputError
from birnn.core.yaml_files import read_yaml
from birnn.reporting.study import SEED

FILE = Path(__file__).with_suffix(".yaml")
HOLD_OUT_SEED = "pad.seed"
EVERY = "all"


class Entry(BaseModel):
    """A recipe as it stands in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Recipe:
    """A recipe.

    Attributes:
        name: of the recipe.
        title: what it adds, for readers.
        added: its own settings, by their full names.
        settings: those and all that it takes over.
    """

    name: str
    title: str
    added: dict[str, Any]
    settings: dict[str, Any]

    def with_seed(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Return its settings with changes; each seed of a network has its own hold-out."""
        seeds = {HOLD_OUT_SEED: changes[SEED]} if SEED in changes else {}
        return self.settings | seeds | changes


def read(file: Path = FILE) -> dict[str, Recipe]:
    """Return all recipes by name, in their order."""
    found: dict[str, Recipe] = {}
    settings: dict[str, Any] = {}
    for name, content in read_yaml(file).items():
        entry = Entry.model_validate(content)
        settings = settings | entry.settings
        found[name] = Recipe(name, entry.title, entry.settings, settings)
    return found


def named(name: str) -> list[Recipe]:
    """Return the recipe of a name, or each for the name `all`.

    Raises:
        InputError: there is none of that name.
    """
    found = read()
    if name == EVERY:
        return list(found.values())
    if name not in found:
        raise InputError(f"there is no recipe {name!r}; there are {', '.join(found)}")
    return [found[name]]
