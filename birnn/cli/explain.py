"""Explain a prediction: in the terminal or on an HTML page."""

from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from birnn.cli import explanation_page, input_texts
from birnn.cli.explanation_page import WEAK, strengths
from birnn.cli.printable import printable, printable_lines
from birnn.core.outputs import write_text
from birnn.evaluation.model_names import TITLES
from birnn.inference.explanation import Explanation, ModelExplanation, explain, note
from birnn.inference.predictor import Predictor
from birnn.style.colors import TERMINAL_NEGATIVE, TERMINAL_POSITIVE

STRONG, MEDIUM = 0.5, 0.2  # relative to the strongest word


def run(text: str | None, load: Callable[[], Predictor], html: Path | None) -> None:
    """Explain the prediction for a text, in the terminal or on the page `html`.

    Without a text, read standard input.
    """
    arguments = [] if text is None else [text]
    content = next(input_texts.read(arguments, [], "", whole=True)).content
    explanation = explain(load(), content)
    if html is None:
        _print(explanation)
    else:
        write_text(html, explanation_page.render(explanation))
        print(f"wrote {html}")


def _print(explanation: Explanation) -> None:
    console = Console(highlight=False)
    if warning := note(explanation.known):
        console.print(warning)
    if not explanation.known:
        return
    label = explanation.classes[1]
    console.print(f"{explanation.sentiment}, probability of {label} {explanation.probability:.4f}")
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
            f"log-odds of {label}: {model.log_odds:+.3f} (all words blanked: "
            f"{model.blank:+.3f}, words: {sum(model.contributions):+.3f}, "
            f"unexplained: {model.gap:+.4f})",
            soft_wrap=True,
        )
        if model.warning:
            console.print(model.warning, soft_wrap=True)


def _colored(explanation: Explanation, model: ModelExplanation) -> Text:
    text = Text()
    for segment, strength in zip(explanation.segments, strengths(model), strict=True):
        truncated = segment.word and not segment.read
        text.append(printable_lines(segment.text), "dim" if truncated else _style(strength))
    return text


def _style(strength: float) -> str:
    color = TERMINAL_POSITIVE if strength > 0 else TERMINAL_NEGATIVE
    if abs(strength) >= STRONG:
        return f"bold white on {color}"
    if abs(strength) >= MEDIUM:
        return f"bold {color}"
    return color if abs(strength) >= WEAK else ""
