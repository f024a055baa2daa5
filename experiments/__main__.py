"""The command line for studies and reviews: python -m experiments --help."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from birnn.core.errors import InputError
from birnn.evaluation.model_names import TITLES, pair_title
from birnn.reporting import formatting, study
from experiments import freshness, grid, ladder, pairs, recipes, revisions, runs, studies
from experiments import review as reviews

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Options = Annotated[
    list[str],
    typer.Option(
        "--set-param",
        "-S",
        help="Setting and its values, such as train.epochs=3,5 or train.seed=0..9. Repeatable.",
    ),
]


RecipeNames = Annotated[
    list[str],
    typer.Option("--recipe", "-r", help="Recipe to start from, or all. Repeatable."),
]


class Place(StrEnum):
    """The machines that run experiments."""

    HERE = "here"
    RAY = "ray"


@app.command()
def run(  # noqa: PLR0913, PLR0917  # one parameter per option
    settings: Options = [],  # noqa: B006
    recipe: RecipeNames = [],  # noqa: B006
    on: Annotated[Place, typer.Option(help="Run on this machine or on a Ray cluster.")] = (
        Place.HERE
    ),
    cpus: Annotated[int, typer.Option(min=1, help="CPU cores per experiment on a cluster.")] = 2,
    gpus: Annotated[int, typer.Option(min=0, help="GPUs per experiment on a cluster.")] = 0,
    git_remote: Annotated[
        str, typer.Option(help="Git remote that the machines of a cluster clone.")
    ] = "origin",
) -> None:
    """Run the unfinished experiments of a grid of settings."""
    if recipe:
        selected = [entry for name in recipe for entry in recipes.named(name)]
        points = [point for entry in selected for point in grid.points(settings, entry)]
    else:
        points = grid.points(settings)
    if on is Place.HERE:
        runs.run(points, runs.one_by_one)
        return
    from experiments import cluster  # noqa: PLC0415  # not needed on one machine

    machines = cluster.connect(cluster.Needs(cpus, gpus), git_remote)
    machines.pull(points)
    runs.run(points, machines.execute)


@app.command("recipes")
def show_recipes() -> None:
    """List the recipes, and the command that runs each with DVC."""
    for recipe in recipes.read().values():
        options = " ".join(f"-S {key}={value}" for key, value in recipe.settings.items())
        print(f"{recipe.name}: {recipe.title}\n    dvc exp run {options}")


@app.command()
def collect(
    name: Annotated[str, typer.Argument(help="Name of the study, which is written to study/NAME.")],
    settings: Options,
) -> None:
    """Collect finished experiments in a study, with statistics over seeds."""
    points = grid.points(settings)
    matches = runs.match_points(points, runs.finished())
    folder = studies.write(name, points, matches)
    print(f"{len(matches)} of {len(points)} experiments: {folder}")
    _show(study.read(folder))


def _show(collected: study.Study) -> None:
    """Print the accuracies of a study, and the differences of the networks."""
    titles = [TITLES[name] for name in collected.networks]
    accuracies = Table(*collected.varied, "seeds", *titles)
    differences = Table(*collected.varied, "difference", "points", "verdict")
    for group in collected.groups("accuracy"):
        values = [str(value) for value in group.combination.values()]
        cells = map(formatting.with_deviation, group.networks.values())
        accuracies.add_row(*values, str(group.seeds), *cells)
        for pair, verdict in group.verdicts.items():
            points = formatting.difference(group.differences[pair])
            differences.add_row(*values, pair_title(*pair), points, verdict)
    Console().print(accuracies)
    if differences.row_count:
        Console().print(differences)


@app.command("ladder")
def collect_ladder(settings: Options) -> None:
    """Collect the finished experiments of all recipes in study/ladder."""
    entries, finished = list(recipes.read().values()), runs.finished()
    matches = {
        recipe.name: list(runs.match_points(grid.points(settings, recipe), finished).values())
        for recipe in entries
    }
    folder = ladder.write(matches, entries)
    print(f"{sum(map(len, matches.values()))} experiments: {folder}")


@app.command()
def review(
    base: Annotated[str, typer.Argument(help="Commit that the change starts from.")],
    output: Annotated[Path, typer.Option(help="File to write the review to.")] = Path("review.md"),
) -> None:
    """Write the review of a change; exit with status 1 if it fails."""
    stale = freshness.stale_stages()
    before, after = revisions.read_commit(base), revisions.read_working_tree()
    noise = reviews.Noise(
        over_seeds=reviews.noise_study(studies.FOLDER, after.metrics.get("corpus", {})),
        paired=pairs.differences(base),
    )
    result = reviews.review(before, after, noise, reviews.read_gate(), stale=bool(stale))
    reviews.write(result, base, noise.over_seeds, output)
    print(f"{output}: {'fails' if result.failures else 'passes'}")
    for failure in result.failures:
        print(f"- {failure}")
    if result.failures:
        raise typer.Exit(1)


@app.command()
def fresh() -> None:
    """Check that dvc.lock is up to date; exit with status 1 if it is stale."""
    if stale := freshness.stale_stages():
        print(f"dvc.lock is stale ({', '.join(stale)}): run make repro, and commit its results")
        raise typer.Exit(1)
    print("dvc.lock is fresh")


def main() -> None:
    """Run a command. Print an error on one line and exit with status 1."""
    try:
        app()
    except (InputError, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted: resume with the same command")


if __name__ == "__main__":
    main()
