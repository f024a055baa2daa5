"""Show which words moved the networks: coloured in the terminal, or on a page."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from birnn.cli import explanation_page, input_texts, pipeline
from birnn.cli.explanation_page import WEAK, strengths, strongest
from birnn.core.errors import InputError
from birnn.core.outputs import whole_file
from birnn.evaluation.model_names import TITLES
from birnn.inference.explanation import Explainer, Explanation, Reading

# Blue and orange, which colour-blind readers tell apart; read well on black and on white.
POSITIVE, NEGATIVE = "rgb(40,130,200)", "rgb(205,95,10)"
# Of the strongest word.
STRONG, MEDIUM = 0.5, 0.2


def run(text: str | None, names: Sequence[str], html: Path | None) -> None:
    """Explain a text, or that on standard input; on the page `html` if it is named.

    Raises:
        InputError: the text or a file of the pipeline cannot be read.
    """
    if html is not None and html.suffix.lower() not in {".html", ".htm"}:
        raise InputError(f"{html} is no .html: choose that ending")
    arguments = [] if text is None else [text]
    given = next(input_texts.read(arguments, [], "", whole=True))[1]
    explanation = Explainer(pipeline.load(names)).explain(given)
    if html is None:
        _print(explanation)
    else:
        with whole_file(html) as part:
            part.write_text(explanation_page.render(explanation), encoding="utf-8")
        print(f"open {html}")


def _print(explanation: Explanation) -> None:
    console = Console(highlight=False)
    console.print(f"{explanation.sentiment}, probability of positive {explanation.probability:.4f}")
    for name, reading in explanation.readings.items():
        console.print()
        console.rule(f"{TITLES[name]}: {reading.probability:.4f}", align="left")
        console.print(_colored(explanation, reading))
        console.print()
        table = Table("word", "log-odds", box=None)
        for word, moved in strongest(explanation, reading):
            table.add_row(escape(input_texts.printable(word)), f"{moved:+.3f}")
        console.print(table)
        console.print(
            f"every word blanked: {reading.blank:+.3f}; the words: "
            f"{sum(reading.contributions):+.3f}; together {reading.log_odds:+.3f} "
            f"(left unexplained: {reading.gap:+.4f})",
            soft_wrap=True,
        )


def _colored(explanation: Explanation, reading: Reading) -> Text:
    text = Text()
    for segment, strength in zip(explanation.segments, strengths(reading), strict=True):
        shown = "".join(
            letter if letter == "\n" else input_texts.printable(letter) for letter in segment.text
        )
        unread = segment.word and not segment.read
        text.append(shown, "dim" if unread else _style(strength))
    return text


def _style(strength: float) -> str:
    color = POSITIVE if strength > 0 else NEGATIVE
    if abs(strength) >= STRONG:
        return f"bold white on {color}"
    if abs(strength) >= MEDIUM:
        return f"bold {color}"
    return color if abs(strength) >= WEAK else ""
