"""HTML page that shows a prediction and the contribution of each word."""

from birnn.evaluation.model_names import TITLES
from birnn.inference.explanation import Explanation, ModelExplanation, note
from birnn.reporting import templating
from birnn.style import colors

WEAK = 0.05  # relative to the strongest word; fainter colors are hardly visible


def render(
    explanation: Explanation | None,
    *,
    text: str = "",
    error: str = "",
    max_length: int = 0,
) -> str:
    """Return a self-contained HTML page.

    Args:
        explanation: explanation of the text; None before a text is submitted.
        text: content of the form.
        error: error message about the text.
        max_length: most characters of a text in the form; 0 for a page without a form.
    """
    return templating.render(
        "explanation.html.j2",
        package="birnn.cli",
        explanation=explanation,
        text=text,
        error=error,
        max_length=max_length,
        titles=TITLES,
        colors=colors,
        weak=WEAK,
        note=note,
        strengths=strengths,
    )


def strengths(model: ModelExplanation) -> list[float]:
    """Return the contributions relative to the strongest one, from −1 to 1."""
    largest = max(map(abs, model.contributions), default=0) or 1
    return [contribution / largest for contribution in model.contributions]
