"""The `birnn` commands that show the results of the last run."""

from typing import TYPE_CHECKING, Annotated

import typer

from birnn.runtime.errors import InputError
from birnn.runtime.fallback_warning import warn_if_fallback
from birnn_apps.model_options import Model
from birnn_apps.terminal import printable, printable_lines

if TYPE_CHECKING:
    from birnn_apps.last_run import Metrics

app = typer.Typer()


@app.command(epilog="Example: birnn results")
def results() -> None:
    """Print the scores of each model in the last run."""
    from rich.console import Console
    from rich.table import Table

    from birnn.core.paths import REPORT
    from birnn.evaluation.model_names import ALL_TITLES, comparisons, pair_title
    from birnn.style.formatting import paired_difference
    from birnn.style.scores import describe_choice, score_tables
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
    if choice["measure"]:
        measure = choice["measure"].replace("_", " ")
        print(f"{chosen}, chosen by {measure} on held-out reviews (report.select).")
        _print_thresholds(metrics)
    elif choice["model"] == "baseline" and corpus["validation"] == "test":
        print(f"{chosen}, the safe choice without held-out reviews.")
    else:
        print(f"{chosen} (report.select).")
    if choice["unequal"] or choice["measure"]:
        print(f"On the test reviews, {describe_choice(metrics)}")
    print(f"See {REPORT / 'report.md'}")
    warn_if_fallback(corpus["name"], corpus["requested"])


def _print_thresholds(metrics: "Metrics") -> None:
    """Print precision and recall by threshold, and how to learn from the held-out reviews, too."""
    from birnn.evaluation import thresholds

    corpus, model = metrics["corpus"], metrics["choice"]["model"]
    decision = thresholds.read(metrics)[model]
    positive, rarer = corpus["classes"][1], corpus["classes"][corpus["rarer"]["label"]]
    print(f"On held-out reviews, precision and recall of {rarer} by threshold (of {positive}):")
    print("  threshold  precision   recall")
    for row in metrics[model]["holdout_thresholds"]:
        print("  {threshold:9}  {precision:9.2%}  {recall:7.2%}".format_map(row))
    options = (
        f"-S pad.validation=test -S report.select={model} "
        f"-S report.threshold={decision.uncalibrated_threshold}"
    )
    print(f"To learn from the held-out reviews, too:\n  dvc exp run {options}")


@app.command(epilog="Example: birnn mistakes --model bilstm --count 3")
def mistakes(
    model: Model = None,
    count: Annotated[int, typer.Option(min=1, help="Number of reviews, worst first.")] = 5,
) -> None:
    """Show test reviews that a model gets wrong, or that networks disagree on.

    Without --model, these are the disagreements of the networks, if there are any, or else the
    mistakes of the model that predicts by default.
    """
    import pandas as pd
    from rich.console import Console
    from rich.text import Text

    from birnn.core.paths import MISTAKES
    from birnn.evaluation.model_names import ALL_TITLES, DISAGREEMENT, titles
    from birnn_apps.last_run import read_metrics, require_trained

    try:
        table = pd.read_parquet(MISTAKES)
    # A flipped bit may cause any exception of pandas or pyarrow, such as KeyError.
    except Exception as error:
        advice = "run dvc repro or dvc pull in the project folder"
        raise InputError(f"{MISTAKES} is missing or damaged: {advice}") from error
    metrics = read_metrics()
    classes, titled = metrics["corpus"]["classes"], titles(metrics)
    columns = {name: name for name in ("id", "kind", "label", "text", "words")} | titled
    if missing := [title for name, title in columns.items() if name not in table]:
        raise InputError(f"{MISTAKES} lacks {', '.join(missing)}: run dvc repro")
    disagree = not model and (table["kind"] == DISAGREEMENT).any()
    kind = DISAGREEMENT if disagree else model or metrics["choice"]["model"]
    if model:
        require_trained(model, metrics)
    selection = table[table["kind"] == kind].head(count)
    subject = "Disagreements of the networks" if disagree else f"Mistakes of {ALL_TITLES[kind]}"
    print(f"{subject}: {len(selection)} of the worst" if len(selection) else f"{subject}: none")
    console = Console(highlight=False)
    for number, review in enumerate(selection.to_dict("records"), start=1):
        console.rule(f"{number} of {len(selection)}", align="left")
        probabilities = ", ".join(f"{title} {review[name]:.4f}" for name, title in titled.items())
        name = printable(review["id"])
        console.print(Text(f"{name}, {review['words']:,} words", style="bold"))
        console.print(f"{classes[review['label']]}; probability of {classes[1]}: {probabilities}")
        console.print(Text(printable_lines(review["text"].replace("<br />", "\n"))))
