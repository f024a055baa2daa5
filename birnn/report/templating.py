"""Templates in Jinja's language, with the formats of numbers as filters."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from birnn.style.formatting import code, confidence, listed, number, percent

ENVIRONMENT = Environment(
    loader=PackageLoader("birnn", ""),
    autoescape=select_autoescape(("html.j2",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
ENVIRONMENT.filters |= {
    function.__name__: function for function in (code, confidence, listed, number, percent)
}


def render(template: str, **values: Any) -> str:
    """Return a template with its values filled in, by its path in the package `birnn`."""
    return ENVIRONMENT.get_template(template).render(values)
