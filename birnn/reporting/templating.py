"""The Jinja environment of all templates, with the formats of numbers as filters."""

from collections.abc import Callable
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

from birnn.reporting import formatting

OWN = "birnn.reporting"


def environment(package: str = OWN, **filters: Callable[..., Any]) -> Environment:
    """Return the environment of the templates of a package, which may use those of this one."""
    templates = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in dict.fromkeys((package, OWN))]),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters |= {
        "accuracy": formatting.accuracy,
        "code": formatting.code,
        "difference": formatting.difference,
        "failures": formatting.failures,
        "listed": formatting.listed,
        "number": formatting.number,
        "paired_difference": formatting.paired_difference,
        "percent": formatting.percent,
        "percent_with_deviation": formatting.percent_with_deviation,
        "pick": formatting.pick,
        "points": formatting.points,
        "seconds": formatting.seconds,
        **filters,
    }
    return templates
