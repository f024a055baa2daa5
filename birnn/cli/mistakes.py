"""Show test reviews that the networks get wrong or disagree on."""

import pandas as pd
from rich.console import Console
from rich.text import Text

from birnn.core.errors import InputError
from birnn.core.paths import MISTAKES
from birnn.evaluation.model_names import BLEND_TITLES, DISAGREEMENT, NETWORKS, TITLES
from birnn.networks.decision import CLASSES


def run(model: str | None, count: int) -> None:
    """Show the `count` worst mistakes of a model, or without one the largest disagreements.

    Raises:
        InputError: the pipeline has not been run.
    """
    if not MISTAKES.exists():
        raise InputError(f"{MISTAKES} is missing: run dvc repro or dvc pull in the project folder")
    mistakes = pd.read_parquet(MISTAKES)
    if missing := [title for name, title in TITLES.items() if name not in mistakes]:
        raise InputError(f"{MISTAKES} lacks {', '.join(missing)}: run dvc repro")
    model = model or (next(iter(NETWORKS)) if len(NETWORKS) == 1 else None)
    selection = mistakes[mistakes["kind"] == (model or DISAGREEMENT)].head(count)
    if selection.empty:
        subject = f"{BLEND_TITLES[model]}: correct" if model else "All networks agree"
        print(f"{subject} on the class of every test review.")
    console = Console(highlight=False)
    for number, review in enumerate(selection.to_dict("records"), start=1):
        console.rule(f"{number} of {len(selection)}", align="left")
        probabilities = ", ".join(f"{TITLES[name]} {review[name]:.4f}" for name in TITLES)
        console.print(Text(f"{review['id']}, {review['words']:,} words", style="bold"))
        console.print(f"{CLASSES[review['label']]}; probability of positive: {probabilities}")
        console.print(Text(review["text"].replace("<br />", "\n")), soft_wrap=False)
