"""Templates, and the report as a single HTML file: the Markdown with its figures inlined."""

import re
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import escape

from birnn.style import colors
from birnn.style.formatting import code, listed, number, percent

# CSS class of a paragraph, by the type of its first token.
CSS_CLASSES = {"image": "figures", "em_open": "caption"}
CONTENTS = "*"  # the marker of the contents, which no other list has
OWN = "birnn.report"


def fill(template: str, package: str = OWN, **values: Any) -> str:
    """Return a template with its values filled in, by its name in `templates` of a package.

    It may extend the templates of the report.
    """
    return _environment(package).get_template(template).render(values)


@cache
def _environment(package: str) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in dict.fromkeys((package, OWN))]),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {form.__name__: form for form in (code, listed, number, percent)}
    return environment


def add_contents(markdown: str) -> str:
    """Insert links to all second-level headings before the first of them."""
    outside_code = re.sub(r"(?ms)^```.*?^```", "", markdown)
    headings = re.findall(r"^## (.*)", outside_code, re.MULTILINE)
    contents = "".join(f"{CONTENTS} [{heading}](#{anchor(heading)})\n" for heading in headings)
    first = f"\n## {next(iter(headings), '')}\n"  # not found on a page without such headings
    return markdown.replace(first, f"\n{contents}{first}", 1)


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def render(markdown: str, drawings: Mapping[str, str]) -> str:
    """Return the page; raw HTML in the Markdown is escaped.

    `drawings` has an `svg` element for each image of the report, by address.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("image", lambda _, tokens, place, *__: _figure(tokens[place], drawings))
    # Let tables scroll that are too wide.
    parser.add_render_rule("table_open", lambda *_: '<div class="table" tabindex="0">\n<table>\n')
    parser.add_render_rule("table_close", lambda *_: "</table>\n</div>\n")
    tokens = parser.parse(markdown)
    for block, content in pairwise(tokens):
        if block.type == "heading_open":
            block.attrSet("id", anchor(content.content))
        elif block.type == "bullet_list_open" and block.markup == CONTENTS:
            block.attrSet("class", "contents")
        elif content.children and content.children[0].type in CSS_CLASSES:
            block.attrSet("class", CSS_CLASSES[content.children[0].type])
    heading = next(token for token in tokens if token.type == "inline")
    title = "".join(part.content for part in heading.children or ())
    body = parser.renderer.render(tokens, parser.options, {})
    return fill("page.html.j2", title=title, body=body, colors=colors)


def _figure(image: Token, drawings: Mapping[str, str]) -> str:
    name, drawing = escape(image.content), drawings[str(image.attrs["src"])]
    return f'<span class="figure" role="img" aria-label="{name}">{drawing}</span>'
