"""Explanations in the terminal and on an HTML page."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from birnn.evaluation.model_names import TITLES
from birnn.report import page
from birnn.reviews.corpus import CLASSES
from birnn.style import colors
from birnn_apps.explanation import Explanation, ModelExplanation, note
from birnn_apps.terminal import printable, printable_lines

# Relative to the strongest word; colors of weaker words are hardly visible.
STRONG, WEAK = 0.5, 0.05
MOST_TERMS = 10


def print_explanation(explanation: Explanation) -> None:
    """Print the prediction, the text with colored words, and the strongest words."""
    console = Console(highlight=False)
    if warning := note(explanation.known):
        console.print(warning)
    label = explanation.classes[1]
    if explanation.known:
        console.print(f"{explanation.label}, probability of {label} {explanation.probability:.4f}")
    for name, model in explanation.models.items():
        console.print()
        console.rule(f"{TITLES[name]}: {model.probability:.4f}", align="left")
        text = Text()
        for segment, strength in zip(explanation.segments, strengths(model), strict=True):
            is_truncated = segment.word and not segment.read
            text.append(printable_lines(segment.text), "dim" if is_truncated else _style(strength))
        table = Table("word", "log-odds", box=None)
        for word, contribution in strongest(explanation, model):
            table.add_row(Text(printable(word)), f"{contribution:+.3f}")
        console.print(text, "", table, sep="\n")
        console.print(
            f"log-odds of {label}: {model.log_odds:+.3f}; they would fall by the number next to a "
            "word if it were unknown",
            soft_wrap=True,
        )


def render_page(explanation: Explanation | None, classes: Sequence[str], **form: str | int) -> str:
    """Return a self-contained HTML page. `explanation` is None before a text is submitted.

    A `form` has the typed `text`, an `error`, and `max_length`, the most characters of a text.
    """
    return page.fill(
        "explanation.html.j2",
        "birnn_apps",
        explanation=explanation,
        classes=classes,
        is_sentiment=tuple(classes) == CLASSES,
        form=form,
        titles=TITLES,
        colors=colors,
        weak=WEAK,
        note=note,
        strengths=strengths,
        strongest=strongest,
    )


def strengths(model: ModelExplanation) -> list[float]:
    """Return the contributions relative to the strongest one, from −1 to 1."""
    largest = max(map(abs, model.contributions), default=0) or 1
    return [contribution / largest for contribution in model.contributions]


def strongest(explanation: Explanation, model: ModelExplanation) -> list[tuple[str, float]]:
    """Return the words with the strongest contributions."""
    pairs = zip(explanation.segments, model.contributions, strict=True)
    words = [(segment.text, contribution) for segment, contribution in pairs if contribution]
    return sorted(words, key=lambda word: -abs(word[1]))[:MOST_TERMS]


def _style(strength: float) -> str:
    color = colors.TERMINAL_POSITIVE if strength > 0 else colors.TERMINAL_NEGATIVE
    if abs(strength) >= STRONG:
        return f"bold white on {color}"
    return color if abs(strength) >= WEAK else ""
