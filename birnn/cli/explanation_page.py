"""The page that shows a text as the networks read it."""

from pathlib import Path

import jinja2

from birnn.evaluation.model_names import TITLES
from birnn.inference.explanation import Explanation, NetworkExplanation
from birnn.reporting import colors

TEMPLATES = Path(__file__).parent / "templates"
MOST = 10  # words in the table
WEAK = 0.05  # of the strongest word; weaker ones could hardly be told from the ground


def render(
    explanation: Explanation | None,
    *,
    form: bool = False,
    text: str = "",
    error: str = "",
    largest: int = 0,
) -> str:
    """Return a page that needs no other file.

    Args:
        explanation: of the text; None before one was typed.
        form: whether another text can be typed.
        text: what stands in the form.
        error: what is wrong with the text.
        largest: characters that the form takes.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["strengths"] = strengths
    return environment.get_template("explanation.html.j2").render(
        explanation=explanation,
        form=form,
        text=text,
        error=error,
        largest=largest,
        titles=TITLES,
        colors=colors,
        strongest=strongest,
        weak=WEAK,
    )


def strengths(network: NetworkExplanation) -> list[float]:
    """Return the contributions as shares of the largest, −1 to 1."""
    largest = max(map(abs, network.contributions), default=0) or 1
    return [contribution / largest for contribution in network.contributions]


def strongest(explanation: Explanation, network: NetworkExplanation) -> list[tuple[str, float]]:
    """Return the words that moved the network most, and their contributions."""
    pairs = zip(explanation.segments, network.contributions, strict=True)
    words = [(segment.text, moved) for segment, moved in pairs if segment.read]
    return sorted(words, key=lambda word: -abs(word[1]))[:MOST]
