"""The `birnn` commands for experiments: sweeps, studies, searches, recipes and reviews."""

import os
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer()

Settings = Annotated[
    list[str],
    typer.Option(
        "--set-param",
        "-S",
        help="Setting and its values, such as train.epochs=3,5 or train.seed=0..9; or several "
        "settings with equal values, such as bilstm.units,bigru.units=32,64. Repeatable.",
    ),
]
Name = Annotated[str, typer.Argument(help="Name of the sweep and its study.")]

# Like the other commands, these import what they need when they run.


@app.command(epilog="Example: birnn sweep ten-seeds -S train.seed=0..9")
def sweep(
    name: Name,
    settings: Settings = [],
    recipe: Annotated[
        list[str], typer.Option("--recipe", "-r", help="Recipe to start from, or all. Repeatable.")
    ] = [],
    on: Annotated[
        Literal["here", "ray"], typer.Option(help="Run on this machine or on a Ray cluster.")
    ] = "here",
    cpus: Annotated[int, typer.Option(min=1, help="CPU cores per experiment on a cluster.")] = 2,
    gpus: Annotated[int, typer.Option(min=0, help="GPUs per experiment on a cluster.")] = 0,
    git_remote: Annotated[
        str, typer.Option(help="Git remote that the machines of a cluster clone.")
    ] = "origin",
) -> None:
    """Run the experiments of a grid of settings that this commit and study/NAME lack."""
    from birnn_lab import grid
    from birnn_lab import sweep as runner

    points = grid.points(settings, recipe)
    execute: runner.Execute = runner.one_by_one
    if on == "ray":
        from birnn_lab import cluster

        origin = cluster.find_origin(git_remote, points)
        cluster.pull(name, git_remote)
        execute = partial(
            cluster.run, git_remote=git_remote, origin=origin, num_cpus=cpus, num_gpus=gpus
        )
    runner.run(name, points, execute)


@app.command(epilog="Example: birnn study ten-seeds")
def study(
    name: Name,
    *,
    draw: Annotated[bool, typer.Option("--draw", help="Draw study/NAME/NAME.png, too.")] = False,
) -> None:
    """Add the experiments of a sweep to study/NAME, and compare their networks or recipes."""
    from birnn_lab import collect
    from birnn_lab.studies import writing
    from birnn_lab.study_tables import print_study

    collected = collect.study(name)
    print(f"{len(collected.runs)} runs: {collected.folder}")
    print_study(collected)
    if draw:
        writing.draw(collected)


@app.command(
    epilog="Example: birnn search rate -S train.learning_rate=log:1e-4..1e-2 "
    "--metric bigru.holdout_accuracy"
)
def search(
    name: Annotated[str, typer.Argument(help="Name of the search and of its experiments.")],
    settings: Annotated[
        list[str],
        typer.Option(
            "--set-param",
            "-S",
            help="Setting and its range or values, such as train.learning_rate=log:1e-4..1e-2, "
            "bigru.units=16..128, network.pooling=last,max_mean or train.epochs=3. Repeatable.",
        ),
    ],
    metric: Annotated[
        str,
        typer.Option(
            help="Accuracy on held-out reviews of a model, or of the combined networks "
            "(networks.holdout_accuracy)."
        ),
    ],
    recipe: Annotated[
        str, typer.Option("--recipe", "-r", help="Recipe that the trials start from.")
    ] = "",
    trials: Annotated[
        int, typer.Option(min=1, help="Number of trials, including earlier ones.")
    ] = 30,
    sampler: Annotated[
        Literal["tpe", "random"], typer.Option(help="Optuna's sampler, which proposes values.")
    ] = "tpe",
) -> None:
    """Search settings with the best accuracy on held-out reviews.

    Each trial is an experiment. If the search is interrupted, the same command continues it.
    """
    from birnn_lab import search

    chosen = search.parse(name, settings, recipe, metric)
    print(search.describe(chosen, search.run(chosen, trials, sampler)))


@app.command(epilog="Example: dvc exp run $(birnn recipe n-grams)")
def recipe(
    name: Annotated[str, typer.Argument(help="Recipe whose options to print.")] = "",
) -> None:
    """List the recipes, or print the options with which dvc exp run uses one."""
    from birnn_lab import recipes
    from birnn_lab.setting_text import as_text

    if name:
        settings = recipes.named(name).all_settings
        print(*(f"-S {key}={as_text(value)}" for key, value in settings.items()))
        return
    for stored in recipes.read().values():
        base = f" (adds to {stored.base})" if stored.base else ""
        print(f"{stored.name}{base}: {stored.title}")


@app.command(epilog="Example: birnn review origin/main")
def review(
    context: typer.Context,
    base: Annotated[str, typer.Argument(help="Commit that the change starts from.")],
    output: Annotated[Path, typer.Option(help="File to write the review to.")] = Path("review.md"),
) -> None:
    """Write the review of a change: its settings, its metrics, and if a model is worse.

    Exit with status 1 if it fails.
    """
    from birnn.core.settings import validate_section
    from birnn.core.yaml_files import read_yaml
    from birnn_lab import experiments
    from birnn_lab import review as reviews
    from birnn_lab.studies import store

    file = Path(os.path.relpath(context.obj / output))
    gate = validate_section(reviews.Gate, read_yaml(reviews.GATE), str(reviews.GATE))
    before, here = experiments.read_commit(base), experiments.working_tree()
    verdicts = reviews.judge(before, here, store.read_all(), gate)
    reviews.write(before, here, verdicts, gate, file)
    verdict = reviews.summarize(verdicts)
    print(*verdicts, f"{file}: {verdict}", sep="\n")
    if verdict == reviews.FAILS:
        raise typer.Exit(1)
