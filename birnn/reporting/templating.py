"""The Jinja environment of all templates, with the formats of numbers as filters."""

from collections.abc import Callable
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

from birnn.style import formatting

OWN = "birnn.reporting"


def environment(package: str = OWN, **filters: Callable[..., Any]) -> Environment:
    """Return the environment of the templates of a package, and of `reporting`."""
    templates = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in dict.fromkeys((package, OWN))]),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters |= {
        "code": formatting.code,
        "listed": formatting.listed,
        "number": formatting.number,
        "percent": formatting.percent,
        "points": formatting.points,
        **filters,
    }
    return templates
