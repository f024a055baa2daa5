"""Show the test reviews that the networks got most wrong, with their texts."""

from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.text import Text

from birnn.core.errors import InputError
from birnn.evaluation.decision import CLASSES
from birnn.evaluation.model_names import TITLES

MISTAKES = Path("data/evaluated/mistakes.parquet")


def run(kind: str, count: int) -> None:
    """Show `count` reviews of a kind, the worst first.

    Raises:
        InputError: the pipeline has not been run.
    """
    if not MISTAKES.exists():
        raise InputError(f"{MISTAKES} is missing: run dvc repro, or dvc pull it, in the project")
    found = pd.read_parquet(MISTAKES)
    chosen = found[found["kind"] == kind].head(count)
    console = Console(highlight=False)
    for place, review in enumerate(chosen.to_dict("records"), start=1):
        console.rule(f"{place} of {len(chosen)}", align="left")
        said = ", ".join(f"{TITLES[name]} {review[name]:.4f}" for name in TITLES)
        console.print(Text(f"{review['id']}, {review['words']:,} words", style="bold"))
        console.print(f"{CLASSES[review['label']]}; probability of positive: {said}")
        console.print(Text(review["text"].replace("<br />", "\n")), soft_wrap=False)
