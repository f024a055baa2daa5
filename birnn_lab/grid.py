"""Grids of settings: syntax, validation, and names of experiments."""

import hashlib
import itertools
import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from birnn.core.paths import PARAMS
from birnn.core.settings import flatten
from birnn.core.yaml_files import YAMLError, parse_yaml, read_yaml
from birnn.runtime.errors import InputError
from birnn_lab import recipes
from birnn_lab.all_settings import check_all
from birnn_lab.setting_text import as_text
from birnn_lab.studies.store import RECIPE, SEED

SEPARATOR = "--"  # of the parts of an experiment's name
LONGEST_LABEL = 150  # characters; git stores each name as a file name
LONGEST_RANGE = 1_000  # values; checking them takes seconds
_RANGE = re.compile(r"(\d+)\.\.(\d+)")


@dataclass(frozen=True)
class Point:
    """One combination of values in a grid."""

    # Values of this combination by full setting name, such as `train.seed`, or by several names
    # with commas, such as `bilstm.units,bigru.units`.
    chosen: dict[str, Any]
    # All changes to `params.yaml`: the chosen values, and the recipe's settings.
    changes: dict[str, Any]
    params: dict[str, Any]  # the content of `params.yaml` with the changes applied
    recipe: str  # name of the recipe, or an empty string

    @property
    def settings(self) -> dict[str, Any]:
        """All settings by full name."""
        return flatten(self.params)

    @property
    def label(self) -> str:
        """The end of the experiment's name, such as `n-grams--seed-3`, after the sweep's name.

        The section `train` is left out.
        """
        # The seed comes last, since it varies within a group.
        keys = sorted(self.chosen, key=lambda key: (key == SEED, key))
        parts = (
            f"{key.removeprefix('train.').replace('.', '-')}-{self.chosen[key]}" for key in keys
        )
        text = re.sub(r"[^A-Za-z0-9.]+|\.{2,}", "-", "-".join(parts)).strip("-.")
        if len(text) > LONGEST_LABEL:
            digest = hashlib.sha256(self.description.encode()).hexdigest()[:7]
            text = f"{text[:LONGEST_LABEL].strip('-.')}-{digest}"
        return SEPARATOR.join(filter(None, [self.recipe, text]))

    def name(self, sweep: str) -> str:
        """Return the name of the experiment in a sweep or search."""
        return f"{sweep}{SEPARATOR}{self.label}"

    @property
    def description(self) -> str:
        """The chosen values, for the message of the experiment's commit (see `Run.chosen`)."""
        recipe = {RECIPE: self.recipe} if self.recipe else {}
        return json.dumps(recipe | self.chosen)


def points(options: Iterable[str], recipe_names: Collection[str] = ()) -> list[Point]:
    """Return every combination of options such as `train.epochs=3,5` and `train.seed=0..9`.

    All other settings come from `params.yaml`, or from each recipe if any are named; `all` names
    every recipe.
    """
    given = {key: values(text) for key, text in split_all(options).items()}
    if not (given or recipe_names):
        raise InputError("there are no values to run: give some, such as -S train.seed=0..9")
    starts = [*recipes.read()] if "all" in recipe_names else [*dict.fromkeys(recipe_names)]
    combinations = [
        point(dict(zip(given, chosen, strict=True)), recipe)
        for recipe in starts or [""]
        for chosen in itertools.product(*given.values())
    ]
    names, count = {combination.label for combination in combinations}, len(combinations)
    if len(names) < count:
        raise InputError(f"{count} combinations have only {len(names)} names: sweep them apart")
    return combinations


def point(chosen: dict[str, Any], recipe: str = "") -> Point:
    """Return one combination of values, by the names of settings (see `Point`)."""
    changes = {name: value for names, value in chosen.items() for name in names.split(",")}
    changes = recipes.named(recipe).with_changes(changes) if recipe else changes
    content = read_yaml(PARAMS)
    params: dict[str, Any] = content if isinstance(content, dict) else {}
    for key, value in changes.items():
        section, name = key.split(".")
        if isinstance(params.setdefault(section, {}), dict):  # else validation refuses it
            params[section][name] = value
    source = f"{PARAMS} with " + (f"the recipe {recipe} and -S" if recipe else "-S")
    check_all(params, source)
    return Point(chosen, changes, params, recipe)


def split_all(options: Iterable[str]) -> dict[str, str]:
    """Return the text of the values of each option by its settings, see `split`."""
    given = list(map(split, options))
    names = [name for key, _ in given for name in key.split(",")]
    if len({*names}) < len(names):
        raise InputError(f"a setting is given twice: {', '.join(names)}")
    if SEED in names and SEED not in dict(given):
        raise InputError(f"{SEED} cannot share its values: a recipe sets the other seeds")
    return dict(given)


def split(option: str) -> tuple[str, str]:
    """Return the setting and the text of the values of an option such as `train.epochs=3,5`.

    Several settings with commas have the same value, as in `bilstm.units,bigru.units=32,64`.
    """
    key, equals, text = option.partition("=")
    if not (equals and text.strip() and all(name.count(".") == 1 for name in key.split(","))):
        raise InputError(
            f"{option!r} is not a setting with values, such as train.epochs=3,5 or train.seed=0..9"
        )
    return key, text


def values(text: str) -> list[Any]:
    """Return the different values of an option, such as `3,5` or `0..9`."""
    try:
        given = parse_yaml(f"[{text}]")
    except YAMLError as error:
        raise InputError(
            f"{text} is not YAML: put text with special characters in quotes, such as '\">0\"'; "
            "only birnn search takes ranges with log:"
        ) from error
    expanded: list[Any] = []
    for value in given:
        if not (limits := _RANGE.fullmatch(str(value))):
            expanded.append(value)
            continue
        low, high = map(int, limits.groups())
        if not low <= high < low + LONGEST_RANGE:
            raise InputError(
                f"{value} must have its smaller end first, and at most {LONGEST_RANGE:,} values"
            )
        expanded += range(low, high + 1)
    # By their text, because a value may be a list, and 1 equals true.
    return [*{as_text(value): value for value in expanded}.values()]
