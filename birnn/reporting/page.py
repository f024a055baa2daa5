"""The report as one HTML file that needs no other: the Markdown, with its figures drawn in it."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from jinja2 import Environment
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import escape

from birnn.reporting import colors

Rule = Callable[[RendererHTML, Sequence[Token], int, OptionsDict, EnvType], str]


def render(environment: Environment, markdown: str, drawings: dict[str, str]) -> str:
    """Return the page.

    Args:
        environment: has the template `page.html.j2`.
        markdown: the report; raw HTML in it is shown, not obeyed.
        drawings: an `svg` element for each image of the report, by its address.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    for name, rule in _rules(drawings).items():
        parser.add_render_rule(name, rule)
    tokens = parser.parse(markdown)
    for paragraph, content in pairwise(tokens):
        if _only_images(content):
            paragraph.attrSet("class", "figures")
    title = next(token.content for token in tokens if token.type == "inline")
    body = parser.renderer.render(tokens, parser.options, {})
    return environment.get_template("page.html.j2").render(title=title, body=body, colors=colors)


def _only_images(token: Token) -> bool:
    kinds = {child.type for child in token.children or ()}
    return "image" in kinds and kinds <= {"image", "softbreak"}


def _rules(drawings: dict[str, str]) -> dict[str, Rule]:
    """Return how images and tables are rendered: as drawings, and so that wide ones scroll."""

    def image(
        _renderer: RendererHTML,
        tokens: Sequence[Token],
        place: int,
        _options: OptionsDict,
        _environment: EnvType,
    ) -> str:
        token = tokens[place]
        drawing = drawings[str(token.attrs["src"])]
        name = escape(token.content)
        return f'<span class="figure" role="img" aria-label="{name}">{drawing}</span>'

    def table_open(*_: object) -> str:
        return '<div class="table" tabindex="0">\n<table>\n'

    def table_close(*_: object) -> str:
        return "</table>\n</div>\n"

    return {"image": image, "table_open": table_open, "table_close": table_close}
