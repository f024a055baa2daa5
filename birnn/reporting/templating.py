"""The Jinja environment of all templates, with the formats of numbers as filters."""

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from birnn.style import formatting


def environment(package: str = "birnn.reporting", **filters: Callable[..., Any]) -> Environment:
    """Return the environment of the templates of a package."""
    templates = Environment(
        loader=PackageLoader(package),
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
        **filters,
    }
    return templates
