"""The `birnn` commands that show the results of the last run."""

from typing import Annotated

import typer

from birnn.runtime.errors import InputError
from birnn.runtime.fallback_warning import warn_if_fallback
from birnn_apps.model_options import Model
from birnn_apps.terminal import printable, printable_lines

app = typer.Typer()


@app.command(epilog="Example: birnn results")
def results() -> None:
    """Print the scores of each model in the last run."""
    from rich.console import Console
    from rich.table import Table

    from birnn.core.paths import REPORT
    from birnn.evaluation.model_names import ALL_TITLES, comparisons, pair_title
    from birnn.evaluation.selection import HELD_OUT
    from birnn.style.formatting import paired_difference
    from birnn.style.scores import score_tables
    from birnn_apps.last_run import read_metrics

    metrics = read_metrics()
    corpus, choice = metrics["corpus"], metrics["choice"]
    for title, heads, rows in score_tables(metrics):
        table = Table(*heads, box=None)
        for column in table.columns[:2]:
            column.no_wrap = True
        for column in table.columns[1:]:
            column.justify = "right"
        for cells in rows:
            table.add_row(*cells)
        print(f"{corpus['name']}, {title}:")
        Console(highlight=False, markup=False).print(table)
    print(f"The majority class has {corpus['majority_class_share']:.2%} of the test reviews.")
    for pair, compared in comparisons(metrics).items():
        print(
            f"{pair_title(*pair)}: {paired_difference(compared)} points in this run "
            "(95% interval over reviews)"
        )
    chosen = f"Predicts by default: {ALL_TITLES[choice['model']]}"
    if HELD_OUT not in corpus["rarer"]:
        print(f"{chosen}.")
    else:
        classes, measure = corpus["classes"], choice["measure"].replace("_", " ")
        print(f"{chosen}, chosen by {measure} on held-out reviews (report.select).")
        rarer = classes[corpus["rarer"]["label"]]
        print(f"Its precision and recall of {rarer} there, by --threshold (of {classes[1]}):")
        for row in metrics[choice["model"]]["holdout_thresholds"]:
            print("  {threshold}  {precision:7.2%}  {recall:7.2%}".format_map(row))
        print("To learn from the held-out reviews, too:\n  dvc exp run -S pad.validation=test")
        print(f"  birnn serve --model {choice['model']}")
    print(f"See {REPORT / 'report.md'}")
    warn_if_fallback(corpus["name"], corpus["requested"])


@app.command(epilog="Example: birnn mistakes --model bilstm --count 3")
def mistakes(
    model: Model = None,
    count: Annotated[int, typer.Option(min=1, help="Number of reviews, worst first.")] = 5,
) -> None:
    """Show test reviews that a model gets wrong, or without --model, that networks disagree on."""
    import pandas as pd
    from rich.console import Console
    from rich.text import Text

    from birnn.core.paths import MISTAKES
    from birnn.evaluation.model_names import ALL_TITLES, DISAGREEMENT, NETWORKS, TITLES
    from birnn_apps.last_run import read_metrics

    try:
        table = pd.read_parquet(MISTAKES)
    # A flipped bit may cause any exception of pandas or pyarrow, such as KeyError.
    except Exception as error:
        advice = "run dvc repro or dvc pull in the project folder"
        raise InputError(f"{MISTAKES} is missing or damaged: {advice}") from error
    columns = {name: name for name in ("id", "kind", "label", "text", "words")} | TITLES
    if missing := [title for name, title in columns.items() if name not in table]:
        raise InputError(f"{MISTAKES} lacks {', '.join(missing)}: run dvc repro")
    model = model or (next(iter(NETWORKS)) if len(NETWORKS) == 1 else None)
    selection = table[table["kind"] == (model or DISAGREEMENT)].head(count)
    if selection.empty:
        subject = f"mistakes of {ALL_TITLES[model]}" if model else "disagreements of networks"
        advice = "" if model else ": name a model, such as --model baseline"
        print(f"The last run recorded no {subject}{advice}.")
    classes = read_metrics()["corpus"]["classes"]
    console = Console(highlight=False)
    for number, review in enumerate(selection.to_dict("records"), start=1):
        console.rule(f"{number} of {len(selection)}", align="left")
        probabilities = ", ".join(f"{TITLES[name]} {review[name]:.4f}" for name in TITLES)
        name = printable(review["id"])
        console.print(Text(f"{name}, {review['words']:,} words", style="bold"))
        console.print(f"{classes[review['label']]}; probability of {classes[1]}: {probabilities}")
        console.print(Text(printable_lines(review["text"].replace("<br />", "\n"))))
