"""Explanations in the terminal and on an HTML page."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from birnn.evaluation.model_names import TITLES
from birnn.report import page
from birnn.style import colors
from birnn_apps.explanation import Explanation, ModelExplanation, note
from birnn_apps.terminal import printable, printable_lines

# Relative to the strongest word; colors of weaker words are hardly visible.
STRONG, MEDIUM, WEAK = 0.5, 0.2, 0.05


def print_explanation(explanation: Explanation) -> None:
    """Print the prediction, the text with colored words, and the strongest words."""
    console = Console(highlight=False)
    if warning := note(explanation.known):
        console.print(warning)
    if not explanation.known:
        return
    label = explanation.classes[1]
    console.print(f"{explanation.label}, probability of {label} {explanation.probability:.4f}")
    for name, model in explanation.models.items():
        console.print()
        console.rule(f"{TITLES[name]}: {model.probability:.4f}", align="left")
        console.print(_colored(explanation, model))
        console.print()
        table = Table("word", "log-odds", box=None)
        for term in model.strongest:
            table.add_row(Text(printable(term.text)), f"{term.contribution:+.3f}")
        console.print(table)
        console.print(
            f"log-odds of {label}: {model.log_odds:+.3f}; they would fall by the number next to a "
            "word if it were unknown",
            soft_wrap=True,
        )


def render_page(
    explanation: Explanation | None, *, text: str = "", error: str = "", max_length: int = 0
) -> str:
    """Return a self-contained HTML page. `explanation` is None before a text is submitted.

    The page has a form with `text`, unless `max_length`, the most characters of a text, is 0.
    """
    return page.fill(
        "explanation.html.j2",
        "birnn_apps",
        explanation=explanation,
        text=text,
        error=error,
        max_length=max_length,
        titles=TITLES,
        colors=colors,
        weak=WEAK,
        note=note,
        strengths=_strengths,
    )


def _colored(explanation: Explanation, model: ModelExplanation) -> Text:
    text = Text()
    for segment, strength in zip(explanation.segments, _strengths(model), strict=True):
        truncated = segment.word and not segment.read
        text.append(printable_lines(segment.text), "dim" if truncated else _style(strength))
    return text


def _style(strength: float) -> str:
    color = colors.TERMINAL_POSITIVE if strength > 0 else colors.TERMINAL_NEGATIVE
    if abs(strength) >= STRONG:
        return f"bold white on {color}"
    if abs(strength) >= MEDIUM:
        return f"bold {color}"
    return color if abs(strength) >= WEAK else ""


def _strengths(model: ModelExplanation) -> list[float]:
    """Return the contributions relative to the strongest one, from −1 to 1."""
    largest = max(map(abs, model.contributions), default=0) or 1
    return [contribution / largest for contribution in model.contributions]
