"""Show test reviews that the networks get wrong or disagree on."""

from rich.console import Console
from rich.text import Text

from birnn.cli.printable import printable, printable_lines
from birnn.core import parquet
from birnn.core.errors import InputError
from birnn.core.paths import MISTAKES
from birnn.evaluation.model_names import ALL_TITLES, DISAGREEMENT, NETWORKS, TITLES
from birnn.evaluation.selection import read_metrics


def run(model: str | None, count: int) -> None:
    """Show the `count` worst mistakes of a model, or without one the largest disagreements."""
    advice = "run dvc repro or dvc pull in the project folder"
    mistakes = parquet.read(MISTAKES, f"{MISTAKES} is missing or damaged: {advice}")
    columns = {name: name for name in ("id", "kind", "label", "text", "words")} | TITLES
    if missing := [title for name, title in columns.items() if name not in mistakes]:
        raise InputError(f"{MISTAKES} lacks {', '.join(missing)}: run dvc repro")
    model = model or (next(iter(NETWORKS)) if len(NETWORKS) == 1 else None)
    selection = mistakes[mistakes["kind"] == (model or DISAGREEMENT)].head(count)
    if selection.empty:
        subject = f"mistakes of {ALL_TITLES[model]}" if model else "disagreements of networks"
        print(f"The last run recorded no {subject}.")
    classes = read_metrics()["corpus"]["classes"]
    console = Console(highlight=False)
    for number, review in enumerate(selection.to_dict("records"), start=1):
        console.rule(f"{number} of {len(selection)}", align="left")
        probabilities = ", ".join(f"{TITLES[name]} {review[name]:.4f}" for name in TITLES)
        name = printable(review["id"])
        console.print(Text(f"{name}, {review['words']:,} words", style="bold"))
        console.print(f"{classes[review['label']]}; probability of {classes[1]}: {probabilities}")
        console.print(Text(printable_lines(review["text"].replace("<br />", "\n"))))
