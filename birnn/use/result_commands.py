"""The `birnn` commands that show the results of the last run."""

from typing import Annotated

import typer

from birnn.core.errors import InputError
from birnn.runtime.terminal import printable, printable_lines, warn_if_fallback
from birnn.use.model_options import Model

app = typer.Typer()


@app.command(epilog="Example: birnn results")
def results() -> None:
    """Print the test accuracy of each model in the last run."""
    from birnn.core.paths import REPORT
    from birnn.evaluation.model_names import ALL_TITLES, TITLES, comparisons, pair_title
    from birnn.evaluation.selection import constant_models, default_model, read_metrics
    from birnn.style.formatting import paired_difference

    metrics = read_metrics()
    corpus, constant = metrics["corpus"], constant_models(metrics)
    width = max(map(len, TITLES.values()))
    for model, title in TITLES.items():
        low, high = metrics[model]["accuracy_interval"]
        print(
            f"{title:<{width}}  test accuracy {metrics[model]['accuracy']:.2%} on {corpus['name']} "
            f"(95% interval over reviews: {low:.2%} to {high:.2%})"
            f"{', predicts only one class' if model in constant else ''}"
        )
    print(f"The majority class has {corpus['majority_class_share']:.2%} of the test reviews.")
    for pair, compared in comparisons(metrics).items():
        print(
            f"{pair_title(*pair)}: {paired_difference(compared)} points in this run "
            "(95% interval over reviews)"
        )
    chosen = default_model(metrics)
    measured = metrics[chosen]
    share = measured["accuracy"]
    print(f"Predicts by default: {ALL_TITLES[chosen]}, with a test accuracy of {share:.2%}.")
    if "holdout_accuracy" in measured:
        print(
            f"It was chosen on held-out reviews (accuracy {measured['holdout_accuracy']:.2%}). "
            f"Precision and recall of {corpus['classes'][1]} there, by --threshold:"
        )
        for row in measured["holdout_thresholds"]:
            print("  {threshold}  {precision:7.2%}  {recall:7.2%}".format_map(row))
    print(f"See {REPORT / 'report.md'}")
    warn_if_fallback(corpus["name"], corpus["requested"])


@app.command(epilog="Example: birnn mistakes --model bilstm --count 3")
def mistakes(
    model: Model = None,
    count: Annotated[int, typer.Option(min=1, help="Number of reviews, worst first.")] = 5,
) -> None:
    """Show test reviews that a model gets wrong, or without --model, that networks disagree on."""
    from rich.console import Console
    from rich.text import Text

    from birnn.core import parquet
    from birnn.core.paths import MISTAKES
    from birnn.evaluation.model_names import ALL_TITLES, DISAGREEMENT, NETWORKS, TITLES
    from birnn.evaluation.selection import read_metrics

    advice = "run dvc repro or dvc pull in the project folder"
    table = parquet.read(MISTAKES, f"{MISTAKES} is missing or damaged: {advice}")
    columns = {name: name for name in ("id", "kind", "label", "text", "words")} | TITLES
    if missing := [title for name, title in columns.items() if name not in table]:
        raise InputError(f"{MISTAKES} lacks {', '.join(missing)}: run dvc repro")
    model = model or (next(iter(NETWORKS)) if len(NETWORKS) == 1 else None)
    selection = table[table["kind"] == (model or DISAGREEMENT)].head(count)
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


@app.command(
    hidden=True, context_settings={"allow_extra_args": True, "ignore_unknown_options": True}
)
def watch() -> None:
    """Say what replaces this command."""
    raise InputError("birnn watch was removed: dvc plots show live/bilstm.csv draws the curves")
