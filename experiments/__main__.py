"""Studies over seeds and settings, and the review of a change: python -m experiments --help."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from birnn.core.errors import InputError
from birnn.evaluation.model_names import NETWORKS, TITLES
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
        help="a setting and its values, such as train.epochs=3,5 or train.seed=0..9; repeatable",
    ),
]


RecipeNames = Annotated[
    list[str],
    typer.Option("--recipe", "-r", help="a recipe to start from; repeatable; all for each of them"),
]


class Place(StrEnum):
    """Where experiments run."""

    HERE = "here"
    RAY = "ray"


@app.command()
def run(  # noqa: PLR0913, PLR0917  # as typer has it
    settings: Options = [],  # noqa: B006
    recipe: RecipeNames = [],  # noqa: B006
    on: Annotated[Place, typer.Option(help="on this machine, or on those of a Ray cluster")] = (
        Place.HERE
    ),
    cpus: Annotated[int, typer.Option(min=1, help="cores of an experiment on a cluster")] = 2,
    gpus: Annotated[int, typer.Option(min=0, help="GPUs of an experiment on a cluster")] = 0,
    git_remote: Annotated[str, typer.Option(help="by which a cluster's machines clone")] = "origin",
) -> None:
    """Run the experiments of a grid of settings that are not finished."""
    if recipe:
        chosen = [one for name in recipe for one in recipes.named(name)]
        points = [point for one in chosen for point in grid.points(settings, one)]
    else:
        points = grid.points(settings)
    if on is Place.HERE:
        runs.run(points, runs.one_by_one)
        return
    from experiments import cluster  # noqa: PLC0415  # whoever stays on one machine needs none

    machines = cluster.connect(cluster.Needs(cpus, gpus), git_remote)
    machines.bring(points)
    runs.run(points, machines.execute)


@app.command("recipes")
def show_recipes() -> None:
    """Tell what each recipe adds to those before it, and how DVC runs it."""
    for one in recipes.read().values():
        options = " ".join(f"-S {key}={value}" for key, value in one.settings.items())
        print(f"{one.name}: {one.title}\n    dvc exp run {options}")


@app.command()
def collect(
    name: Annotated[str, typer.Argument(help="the study is written to study/NAME")],
    settings: Options,
) -> None:
    """Write the study of a grid of settings: a table of its runs, and what they say over seeds."""
    points = grid.points(settings)
    found = runs.match_points(points, runs.finished())
    folder = studies.write(name, points, found)
    print(f"{len(found)} of {len(points)} experiments: {folder}")
    _show(study.read(folder))


def _show(collected: study.Study) -> None:
    """Print what a study says of the accuracy."""
    columns = ("seeds", *(TITLES[name] for name in NETWORKS), "difference, in points", "verdict")
    table = Table(*collected.varied, *columns)
    for group in collected.groups("accuracy"):
        table.add_row(
            *map(str, group.combination.values()),
            str(group.seeds),
            *(formatting.with_deviation(group.cells[name]) for name in NETWORKS),
            formatting.difference(group.cells[study.DIFFERENCE]),
            group.verdict,
        )
    Console().print(table)


@app.command("ladder")
def collect_ladder(settings: Options) -> None:
    """Write the study of all recipes over seeds: how well each reads, and what it costs."""
    chosen, finished = list(recipes.read().values()), runs.finished()
    found = {
        one.name: list(runs.match_points(grid.points(settings, one), finished).values())
        for one in chosen
    }
    folder = ladder.write(found, chosen)
    print(f"{sum(map(len, found.values()))} experiments: {folder}")


@app.command()
def review(
    base: Annotated[str, typer.Argument(help="the commit that the change starts from")],
    output: Annotated[Path, typer.Option(help="where to write the review")] = Path("review.md"),
) -> None:
    """Write what a change did to settings and results; end with 1 where the gate fails."""
    stale = freshness.stale_stages()
    before, here = revisions.read_commit(base), revisions.read_working_tree()
    noise = reviews.Noise(
        over_seeds=reviews.noise_study(studies.FOLDER, here.metrics.get("corpus", {})),
        paired=pairs.differences(base),
    )
    found = reviews.review(before, here, noise, reviews.read_gate(), stale=bool(stale))
    reviews.write(found, base, noise.over_seeds, output)
    print(f"{output}: {'fails' if found.failures else 'passes'}")
    for failure in found.failures:
        print(f"- {failure}")
    if found.failures:
        raise typer.Exit(1)


@app.command()
def fresh() -> None:
    """Tell whether dvc.lock is that of the code, settings and data; end with 1 where it is not."""
    if stale := freshness.stale_stages():
        print(f"dvc.lock is stale ({', '.join(stale)}): run make repro, and commit its results")
        raise typer.Exit(1)
    print("dvc.lock is fresh")


def main() -> None:
    """Run a command; a mistake ends it with exit status 1 and one line."""
    try:
        app()
    except (InputError, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted: the same command goes on where it stopped")


if __name__ == "__main__":
    main()
