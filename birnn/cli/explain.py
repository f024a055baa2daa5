"""Explain a prediction: in the terminal or on an HTML page."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from birnn.cli import explanation_page, input_texts
from birnn.cli.explanation_page import WEAK, strengths, strongest
from birnn.core.errors import InputError
from birnn.core.outputs import atomic_file
from birnn.evaluation.model_names import TITLES
from birnn.inference import predictor
from birnn.inference.explanation import Explainer, Explanation, NetworkExplanation
from birnn.inference.known_words import NOTHING_TO_GO_ON
from birnn.style.colors import TERMINAL_NEGATIVE, TERMINAL_POSITIVE

STRONG, MEDIUM = 0.5, 0.2  # relative to the strongest word


def run(text: str | None, names: Sequence[str], html: Path | None) -> None:
    """Explain the prediction for a text, in the terminal or on the page `html`.

    Without a text, read standard input.

    Raises:
        InputError: the text or a file of the pipeline cannot be read, or `html` does
            not end in .html or .htm.
    """
    if html is not None and html.suffix.lower() not in {".html", ".htm"}:
        raise InputError(f"{html} is not an .html file: choose a name that ends in .html")
    arguments = [] if text is None else [text]
    content = next(input_texts.read(arguments, [], "", whole=True)).content
    explanation = Explainer(predictor.load_verified(names)).explain(content)
    if html is None:
        _print(explanation)
    else:
        with atomic_file(html) as temporary:
            temporary.write_text(explanation_page.render(explanation), encoding="utf-8")
        print(f"wrote {html}")


def _print(explanation: Explanation) -> None:
    console = Console(highlight=False)
    if explanation.no_known_words:
        console.print(NOTHING_TO_GO_ON)
        return
    console.print(f"{explanation.sentiment}, probability of positive {explanation.probability:.4f}")
    for name, network in explanation.networks.items():
        console.print()
        console.rule(f"{TITLES[name]}: {network.probability:.4f}", align="left")
        console.print(_colored(explanation, network))
        console.print()
        table = Table("word", "log-odds", box=None)
        for word, contribution in strongest(explanation, network):
            table.add_row(escape(input_texts.printable(word)), f"{contribution:+.3f}")
        console.print(table)
        console.print(
            f"log-odds of positive: {network.log_odds:+.3f} (all words blanked: "
            f"{network.blank:+.3f}, words: {sum(network.contributions):+.3f}, "
            f"unexplained: {network.gap:+.4f})",
            soft_wrap=True,
        )


def _colored(explanation: Explanation, network: NetworkExplanation) -> Text:
    text = Text()
    for segment, strength in zip(explanation.segments, strengths(network), strict=True):
        printable = "".join(
            letter if letter == "\n" else input_texts.printable(letter) for letter in segment.text
        )
        truncated = segment.word and not segment.read
        text.append(printable, "dim" if truncated else _style(strength))
    return text


def _style(strength: float) -> str:
    color = TERMINAL_POSITIVE if strength > 0 else TERMINAL_NEGATIVE
    if abs(strength) >= STRONG:
        return f"bold white on {color}"
    if abs(strength) >= MEDIUM:
        return f"bold {color}"
    return color if abs(strength) >= WEAK else ""
