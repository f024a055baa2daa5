"""Show which words moved the networks: coloured in the terminal, or on a page."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from birnn import own_texts
from birnn.commands import pipeline, reading_page
from birnn.commands.reading_page import WEAK, strengths, strongest
from birnn.errors import InputError
from birnn.explanation import Explainer, Explanation, Reading
from birnn.files import whole_file
from birnn.models import TITLES

# Blue for positive and orange for negative, which colour-blind readers tell apart.
POSITIVE, NEGATIVE = (0, 114, 178), (213, 94, 0)
STRONG = 0.6  # of the strongest word: dark enough for white letters


def run(text: str | None, names: Sequence[str], html: Path | None) -> None:
    """Explain a text, or that on standard input; on the page `html` if it is named.

    Raises:
        InputError: the text or a file of the pipeline cannot be read.
    """
    if html is not None and html.suffix.lower() not in {".html", ".htm"}:
        raise InputError(f"{html} is no .html: choose that ending")
    arguments = [] if text is None else [text]
    given = next(own_texts.read(arguments, [], "", whole=True))[1]
    explanation = Explainer(pipeline.load(names)).explain(given)
    if html is None:
        _print(explanation)
    else:
        with whole_file(html) as part:
            part.write_text(reading_page.render(explanation), encoding="utf-8")
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
            table.add_row(escape(own_texts.printable(word)), f"{moved:+.3f}")
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
        red, green, blue = POSITIVE if strength > 0 else NEGATIVE
        style = "dim" if segment.word and not segment.read else ""
        if abs(strength) >= WEAK:
            share = abs(strength)
            tint = [round(255 - share * (255 - part)) for part in (red, green, blue)]
            ink = "white" if share > STRONG else "black"
            style = f"{ink} on rgb({tint[0]},{tint[1]},{tint[2]})"
        shown = "".join(
            letter if letter == "\n" else own_texts.printable(letter) for letter in segment.text
        )
        text.append(shown, style)
    return text
