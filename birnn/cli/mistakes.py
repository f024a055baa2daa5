"""Show test reviews that the networks get wrong or disagree on."""

import pandas as pd
from rich.console import Console
from rich.text import Text

from birnn.core.errors import InputError
from birnn.core.outputs import read_json
from birnn.core.paths import METRICS, MISTAKES
from birnn.core.settings import CLASSES
from birnn.evaluation.model_names import DISAGREEMENT, TITLES


def run(kind: str, count: int) -> None:
    """Show the `count` worst mistakes of a kind, with the texts of the reviews.

    Raises:
        InputError: the pipeline has not been run.
    """
    if not MISTAKES.exists():
        raise InputError(f"{MISTAKES} is missing: run dvc repro or dvc pull in the project folder")
    mistakes = pd.read_parquet(MISTAKES)
    if missing := [title for name, title in TITLES.items() if name not in mistakes]:
        raise InputError(f"{MISTAKES} lacks {', '.join(missing)}: run dvc repro")
    selection = mistakes[mistakes["kind"] == kind].head(count)
    if selection.empty:
        agree = kind == DISAGREEMENT
        subject = "All networks agree on" if agree else f"The {TITLES[kind]} correctly classifies"
        print(f"{subject} the class of every test review.")
    classes = read_json(METRICS)["corpus"].get("classes", CLASSES)
    console = Console(highlight=False)
    for number, review in enumerate(selection.to_dict("records"), start=1):
        console.rule(f"{number} of {len(selection)}", align="left")
        probabilities = ", ".join(f"{TITLES[name]} {review[name]:.4f}" for name in TITLES)
        console.print(Text(f"{review['id']}, {review['words']:,} words", style="bold"))
        console.print(f"{classes[review['label']]}; probability of {classes[1]}: {probabilities}")
        console.print(Text(review["text"].replace("<br />", "\n")), soft_wrap=False)
