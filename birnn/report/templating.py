"""Templates in Jinja's language, with the formats of numbers as filters."""

from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

from birnn.style.formatting import code, confidence, listed, number, percent

FILTERS = (code, confidence, listed, number, percent)


def render(template: str, package: str = "birnn.report", **values: Any) -> str:
    """Return a template of a package with its values filled in.

    It can extend and include templates of the report.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("birnn.report")]),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {function.__name__: function for function in FILTERS}
    return environment.get_template(template).render(values)
