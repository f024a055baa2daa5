"""Recipes: named sets of settings, each of which adds to another recipe."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from birnn.core.settings import Section, validate_section
from birnn.core.yaml_files import read_yaml
from birnn.runtime.errors import InputError
from birnn_lab.studies.store import FOLLOWING_SEEDS, SEED, check_name

FILE = Path(__file__).with_suffix(".yaml")
INGREDIENTS = FILE.with_stem("ingredients")  # recipes that change one of them, for a study


class Entry(Section):
    """An entry of `recipes.yaml`."""

    base: str | None = None
    title: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Recipe:
    """A named set of settings."""

    name: str
    base: str | None  # name of the recipe that it adds to, None for the first
    title: str  # description of what it adds
    settings: dict[str, Any]  # its own settings, by full name
    all_settings: dict[str, Any]  # its own settings and all of its base, by full name

    def with_changes(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Return the settings with changes applied.

        Each `train.seed` gets its own hold-out and its own word vectors.
        """
        seeds = dict.fromkeys(FOLLOWING_SEEDS, changes[SEED]) if SEED in changes else {}
        return self.all_settings | seeds | changes


def read(file: Path = FILE, above: Mapping[str, Recipe] = {}) -> dict[str, Recipe]:
    """Return the recipes above a file and its own by name, in their order."""
    recipes = dict(above)
    for name, content in read_yaml(file).items():
        check_name(name)
        entry = validate_section(Entry, content, f"{file}: {name}")
        base = entry.base or next(reversed(recipes), None)
        if base and base not in recipes:
            raise InputError(f"{file}: {name} has the base {base!r}, which is no recipe above it")
        every = (recipes[base].all_settings if base else {}) | entry.settings
        recipes[name] = Recipe(name, base, entry.title, entry.settings, every)
    return recipes


def read_all() -> dict[str, Recipe]:
    """Return the recipes of both files by name."""
    return read(INGREDIENTS, above=read())


def with_bases(names: Collection[str]) -> dict[str, Recipe]:
    """Return the recipes with these names, and all that they add to, by name."""
    recipes, wanted = read_all(), {*names}
    for name in reversed(recipes):
        if name in wanted:
            wanted.add(recipes[name].base or name)
    return {name: recipe for name, recipe in recipes.items() if name in wanted}


def named(name: str) -> Recipe:
    """Return the recipe with a name."""
    recipes = read_all()
    if name not in recipes:
        raise InputError(f"there is no recipe {name!r}: use {', '.join(read())}")
    return recipes[name]
