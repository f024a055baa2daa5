"""HTML page that shows a prediction and the contribution of each word."""

from birnn.evaluation.model_names import TITLES
from birnn.inference.explanation import Explanation, NetworkExplanation
from birnn.inference.known_words import NOTHING_TO_GO_ON
from birnn.reporting import colors, templating

TABLE_ROWS = 10
WEAK = 0.05  # relative to the strongest word; fainter colors are hardly visible


def render(
    explanation: Explanation | None,
    *,
    form: bool = False,
    text: str = "",
    error: str = "",
    max_length: int = 0,
) -> str:
    """Return a self-contained HTML page.

    Args:
        explanation: explanation of the text; None before a text is submitted.
        form: whether the page has a form for another text.
        text: content of the form.
        error: error message about the text.
        max_length: maximum length of a text in the form, in characters.
    """
    environment = templating.environment("birnn.cli", strengths=strengths)
    return environment.get_template("explanation.html.j2").render(
        explanation=explanation,
        form=form,
        text=text,
        error=error,
        max_length=max_length,
        titles=TITLES,
        colors=colors,
        strongest=strongest,
        weak=WEAK,
        nothing_to_go_on=NOTHING_TO_GO_ON,
    )


def strengths(network: NetworkExplanation) -> list[float]:
    """Return the contributions relative to the strongest one, from −1 to 1."""
    largest = max(map(abs, network.contributions), default=0) or 1
    return [contribution / largest for contribution in network.contributions]


def strongest(explanation: Explanation, network: NetworkExplanation) -> list[tuple[str, float]]:
    """Return the words with the strongest contributions, and the contributions."""
    pairs = zip(explanation.segments, network.contributions, strict=True)
    words = [(segment.text, contribution) for segment, contribution in pairs if segment.read]
    return sorted(words, key=lambda word: -abs(word[1]))[:TABLE_ROWS]
