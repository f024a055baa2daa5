"""The `birnn` commands for experiments: sweeps, studies, searches, recipes and reviews."""

import dataclasses
import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

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

Recipes = Annotated[
    list[str], typer.Option("--recipe", "-r", help="Recipe to start from, or all. Repeatable.")
]

Place = Literal["here", "ray"]
On = Annotated[Place, typer.Option(help="Run on this machine or on a Ray cluster.")]
Cpus = Annotated[int, typer.Option(min=1, help="CPU cores per experiment on a cluster.")]
Gpus = Annotated[int, typer.Option(min=0, help="GPUs per experiment on a cluster.")]
Replace = Annotated[
    bool, typer.Option("--replace", help="Replace other results in study/NAME, which are lost.")
]
GitRemote = Annotated[str, typer.Option(help="Git remote that the machines of a cluster clone.")]


# Like the other commands, these import what they need when they run.


def _machines(on: Place, cpus: int, gpus: int, git_remote: str) -> Any:
    """Return the cluster to run on, or None for this machine."""
    from birnn_lab import cluster

    return cluster.connect(cpus, gpus, git_remote) if on == "ray" else None


def _command() -> str:
    """Return the command at work, for the shell, as it works in the project's folder."""
    words = [word for word in sys.argv[1:] if word != "--replace"]
    if words[:1] == ["--project"]:
        del words[:2]
    return shlex.join(["birnn", *words])


@app.command(epilog="Example: birnn sweep -S train.epochs=3,5 -S train.seed=0..2")
def sweep(
    settings: Settings = [],
    recipe: Recipes = [],
    on: On = "here",
    cpus: Cpus = 2,
    gpus: Gpus = 0,
    git_remote: GitRemote = "origin",
) -> None:
    """Run the unfinished experiments of a grid of settings."""
    from birnn_lab import execution, grid

    points = grid.points(settings, recipe)
    execution.run(points, _machines(on, cpus, gpus, git_remote))


@app.command(epilog="Example: birnn study ten-seeds -S train.seed=0..9")
def study(
    name: Annotated[str, typer.Argument(help="Name of the study, which is written to study/NAME.")],
    settings: Settings = [],
    recipe: Recipes = [],
    *,
    replace: Replace = False,
) -> None:
    """Collect finished experiments in study/NAME, and compare their networks or recipes.

    Without settings and recipe, print the study and draw its figure again.
    """
    from birnn_lab import collect, grid, runs
    from birnn_lab.studies import store, writing
    from birnn_lab.study_tables import print_study

    if not (settings or recipe):
        stored = store.read(store.FOLDER / name)
        print_study(stored)
        writing.draw(stored)
        return
    points = grid.points(settings, recipe)
    finished = runs.finished(points)
    collected = collect.study(name, _command(), points, finished, replace=replace)
    print(f"{len(finished)} of {len(points)} experiments: {collected.folder}")
    print_study(collected)


@app.command(
    epilog="Example: birnn search rate -S train.learning_rate=log:1e-4..1e-2 "
    "--metric bigru.holdout_accuracy"
)
def search(
    name: Annotated[
        str, typer.Argument(help="Name of the search, which is written to study/NAME.")
    ],
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
        str | None,
        typer.Option(
            help="Accuracy on held-out reviews of a model, or of the combined networks "
            "(networks.holdout_accuracy). Without it, settings are drawn at random, nothing is "
            "chosen, and the study compares the networks on the test split."
        ),
    ] = None,
    recipe: Annotated[
        str | None, typer.Option("--recipe", "-r", help="Recipe that the trials start from.")
    ] = None,
    trials: Annotated[
        int, typer.Option(min=1, help="Number of trials, including earlier ones.")
    ] = 30,
    sampler: Annotated[
        Literal["tpe", "random"],
        typer.Option(
            help="How values are proposed: tpe starts with the defaults and learns from trials."
        ),
    ] = "tpe",
    on: On = "here",
    batch: Annotated[int, typer.Option(min=1, help="Trials in parallel on a cluster.")] = 4,
    cpus: Cpus = 2,
    gpus: Gpus = 0,
    git_remote: GitRemote = "origin",
    *,
    replace: Replace = False,
) -> None:
    """Search settings with the best accuracy on held-out reviews, or draw settings at random.

    Each trial is an experiment. If the search is interrupted, the same command continues it.
    """
    from rich.console import Console

    from birnn_lab import execution, search_results, study_tables
    from birnn_lab import search as searches

    machines = _machines(on, cpus, gpus, git_remote)
    chosen = searches.parse(name, settings, recipe or "", metric, sampler)
    with execution.exclusively():
        study = searches.open_study(chosen, replace=replace)
        searches.run(chosen, study, trials, machines, batch if machines else 1)
        results = search_results.collect(chosen, study)
        written = search_results.write(results, _command())
    print(f"{len(results.study.trials)} trials: {written.folder}")
    if not metric:
        study_tables.print_study(written)
        return
    Console(highlight=False).print(search_results.conclude(results), markup=False)
    print("To confirm this with other seeds and other held-out reviews, run:")
    print(f"    {search_results.confirmation(results)}")


@app.command(epilog="Example: birnn recipes")
def recipes() -> None:
    """List the recipes: what each adds to which other, and the command that runs it with DVC."""
    from birnn_lab import recipes as stored
    from birnn_lab.setting_text import as_text

    for recipe in stored.read().values():
        settings = (f"{name}={as_text(value)}" for name, value in recipe.all_settings.items())
        options = " ".join(f"-S {shlex.quote(setting)}" for setting in settings)
        base = f" (adds to {recipe.base})" if recipe.base else ""
        print(f"{recipe.name}{base}: {recipe.title}\n    dvc exp run --temp {options}")


@app.command(epilog="Example: birnn tried")
def tried() -> None:
    """Log the settings that were compared on held-out reviews in study/tried.

    Add the finished experiments that are not in the log yet, including those that lost.
    """
    from birnn_lab import runs, trial_log

    added, log = trial_log.append(runs.finished_with_any_code())
    print(f"{added} new of {len(log.runs)} rows: {log.folder}")


@app.command(epilog="Example: birnn review origin/main --seeds 10")
def review(
    context: typer.Context,
    base: Annotated[str, typer.Argument(help="Commit that the change starts from.")],
    output: Annotated[Path, typer.Option(help="File to write the review to.")] = Path("review.md"),
    seeds: Annotated[
        int | None,
        typer.Option(
            min=2, help="Run the change with this many seeds of a study, and compare them."
        ),
    ] = None,
    on: On = "here",
    cpus: Cpus = 2,
    gpus: Gpus = 0,
    git_remote: GitRemote = "origin",
) -> None:
    """Write the review of a change: its settings, its metrics, and if a network is worse.

    Exit with status 1 if it fails.
    """
    import pandas as pd

    from birnn.core.settings import validate_section
    from birnn.core.yaml_files import read_yaml
    from birnn.runtime.errors import InputError
    from birnn_lab import execution, grid, processes, runs
    from birnn_lab import review as reviews
    from birnn_lab.studies import store

    machines = _machines(on, cpus, gpus, git_remote) if seeds else None
    file = Path(os.path.relpath(context.obj / output))
    gate = validate_section(reviews.Gate, read_yaml(reviews.GATE), str(reviews.GATE))
    stale = runs.stale_stages()
    before, after = runs.read(base), runs.read()
    study_of_base = reviews.find_study(reviews.read_studies(base), store.read_all(), before)
    change = reviews.Change(before, after, study_of_base)
    if seeds:
        numbers = ",".join(map(str, reviews.choose_seeds(change, seeds)))
        points = grid.points([f"{store.SEED}={numbers}"])
        execution.run(points, machines)
        finished = runs.finished(points)
        if len(finished) < len(points):
            raise InputError("code or settings changed meanwhile: run the same command again")
        measured = [points[index].chosen | run.measures for index, run in finished.items()]
        change = dataclasses.replace(change, runs=pd.DataFrame(measured))
    lines = reviews.judge(change, gate, stale)
    metrics = processes.output("dvc", "metrics", "diff", "--md", "--no-path", base)
    reviews.write(change, lines, metrics, file)
    verdict = reviews.summarize(lines)
    print(*lines, f"{file}: {verdict}", sep="\n")
    if verdict == reviews.FAILS:
        raise typer.Exit(1)
