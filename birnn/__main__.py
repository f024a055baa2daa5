"""What a reader does with the results: python -m birnn --help."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console
from rich.text import Text

from birnn.models import TITLES

MISTAKES = Path("data/evaluated/mistakes.parquet")
CLASSES = ("negative", "positive")


class Kind(StrEnum):
    """Whose mistakes, or where the two networks disagree."""

    BILSTM = "bilstm"
    BIGRU = "bigru"
    DISAGREEMENT = "disagreement"


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def main() -> None:
    """Look into what the pipeline made."""


@app.command()
def mistakes(
    kind: Annotated[
        Kind, typer.Argument(help="the network whose mistakes, or where the two disagree")
    ] = Kind.DISAGREEMENT,
    count: Annotated[int, typer.Option(min=1, help="reviews, the worst first")] = 5,
) -> None:
    """Show the test reviews that the networks got most wrong, with their texts."""
    if not MISTAKES.exists():
        sys.exit(f"error: {MISTAKES} is missing: run dvc repro, or dvc pull it, in the project")
    found = pd.read_parquet(MISTAKES)
    chosen = found[found["kind"] == kind].head(count)
    console = Console(highlight=False)
    for place, review in enumerate(chosen.to_dict("records"), start=1):
        console.rule(f"{place} of {len(chosen)}", align="left")
        said = ", ".join(f"{TITLES[name]} {review[name]:.4f}" for name in TITLES)
        console.print(Text(f"{review['id']}, {review['words']:,} words", style="bold"))
        console.print(f"{CLASSES[review['label']]}; probability of positive: {said}")
        console.print(Text(review["text"].replace("<br />", "\n")), soft_wrap=False)


if __name__ == "__main__":
    app()
