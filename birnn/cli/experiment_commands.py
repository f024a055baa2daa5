"""The `birnn` commands for experiments: studies, recipes and reviews."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from birnn.core import processes
from birnn.core import settings as all_settings
from birnn.core.errors import InputError
from birnn.core.overrides import command
from birnn.evaluation.model_names import ALL_TITLES, pair_title
from birnn.evaluation.selection import read_metrics
from birnn.experiments import collect, execution, grid, private_apis, recipes, runs, search_results
from birnn.experiments import review as reviews
from birnn.experiments import search as searches
from birnn.experiments.cluster import Cluster
from birnn.reporting import tables
from birnn.studies import figure, regimes, store, table
from birnn.studies.store import SEED


def sweep(
    settings: Sequence[str], recipe_names: Sequence[str], machines: Cluster | None = None
) -> None:
    """Run the unfinished experiments of a grid, on a cluster or one by one on this machine."""
    chosen = points(settings, recipe_names)
    if machines:
        machines.pull(chosen)
    execution.run(chosen, machines.execute if machines else execution.one_by_one)


def points(settings: Sequence[str], recipe_names: Sequence[str]) -> list[grid.Point]:
    """Return the points of a grid, for each recipe if there are any, or for `all` of them."""
    if not recipe_names:
        return grid.points(settings)
    given = {name: recipes.named(name) for name in recipe_names if name != recipes.EVERY}
    chosen = recipes.read() if recipes.EVERY in recipe_names else given
    return [point for recipe in chosen.values() for point in grid.points(settings, recipe)]


def study(
    name: str, settings: Sequence[str], recipe_names: Sequence[str], *, replace: bool = False
) -> None:
    """Collect finished experiments in `study/NAME`, and print its tables.

    Without settings and recipe, only print the tables of `study/NAME`, and draw its figure again.
    """
    if not (settings or recipe_names):
        stored = store.read(store.FOLDER / name)
        figure.save(stored)
        show(stored)
        return
    chosen = points(settings, recipe_names)
    finished = runs.finished(chosen)
    written_by = command(f"birnn study {name}", {"-r": recipe_names, "-S": settings})
    collected = collect.study(name, written_by, chosen, finished, replace=replace)
    print(f"{len(finished)} of {len(chosen)} experiments: {collected.folder}")
    show(collected)


def show(collected: store.Study) -> None:
    """Print the accuracies of a study, the differences of its networks, and gains of recipes."""
    split = "held-out" if collected.about.chooses else "test"
    titles = [ALL_TITLES[name] for name in collected.models]
    found = table.rows(collected)
    heading, labels = table.label_rows(found)
    accuracies = Table(
        heading, "seeds", *titles, title=f"{split} accuracy, mean ± deviation over seeds"
    )
    differences = Table(heading, "difference", "mean (simultaneous 95% interval)", "covers")
    for label, row in zip(labels, found, strict=True):
        means = map(table.format_mean, row.means.values())
        accuracies.add_row(label, str(len(row.combination.runs)), *means)
        for pair, compared in row.differences.items():
            for measure, difference in compared.items():
                if difference.seeds > 1:
                    name = f"{pair_title(*pair)}, {measure}"
                    cell = table.format_difference(difference, measure)
                    differences.add_row(label, name, cell, row.covered)
    gained = Table("recipe", "added to", "gain (simultaneous 95% interval)", "covers")
    for gain in table.gains(collected):
        cell = table.format_difference(gain.difference)
        gained.add_row(gain.recipe, gain.base, cell, gain.covered)
    for printed in (accuracies, differences, gained):
        if printed.row_count:
            Console(markup=False).print(printed)  # a value may be a pattern, such as [a-c]*.csv


def show_regimes() -> None:
    """Print the differences of the networks in the training regimes whose studies are finished."""
    corpus, equivalence = read_metrics()["corpus"], all_settings.load().report.equivalence
    compared = regimes.compare(study for study in store.read_all() if study.covers(corpus))
    head, rows = tables.regimes(compared, equivalence)
    printed = Table(*head)
    for cells in rows:
        printed.add_row(*cells)
    if compared:
        Console(highlight=False).print(printed)
    print(
        "Comparisons of study/PROTOCOL.md appear when all their runs are in study, on this corpus."
    )


def search(  # noqa: PLR0913, PLR0917  # one parameter per option
    name: str,
    settings: Sequence[str],
    recipe_name: str | None,
    metric: str,
    trials: int,
    sampler: str,
    machines: Cluster | None = None,
    batch: int = 1,
    *,
    replace: bool = False,
) -> None:
    """Search settings, write the results to `study/NAME`, and print what they show."""
    recipe = recipes.named(recipe_name) if recipe_name else None
    chosen = searches.parse(name, settings, recipe, metric, sampler)
    with execution.exclusively():
        found = searches.open_study(chosen)
        if not replace:
            search_results.check_replaceable(chosen, found)
        searches.run(chosen, found, trials, machines, batch)
        results = search_results.collect(chosen, found)
        options = {"--metric": [metric], "--sampler": [sampler], "--trials": [str(trials)]}
        options |= {"-r": [recipe_name] if recipe_name else [], "-S": [*settings]}
        written = search_results.write(results, command(f"birnn search {name}", options))
    print(f"{len(results.study.trials)} trials: {written.folder}")
    Console(highlight=False).print(search_results.conclude(results))
    print("To confirm this with other seeds and other held-out reviews, run:")
    print(f"    {search_results.confirmation(results)}")


def review(base: str, output: Path, seeds: int | None, machines: Cluster | None) -> bool:
    """Write the review of the changes since `base`, and return whether nothing fails.

    Run the change with this many seeds, on a cluster or this machine, or compare one run on each
    side.
    """
    gate = reviews.read_gate()
    stale = private_apis.stale_stages()
    before, after = runs.read(base), runs.read()
    study_of_base = reviews.find_study(reviews.read_studies(base), store.read_all(), before)
    change = reviews.Change(before, after, study_of_base)
    if seeds:
        numbers = ",".join(map(str, reviews.choose_seeds(change, seeds)))
        sweep([f"{SEED}={numbers}"], [], machines)
        chosen = grid.points([f"{SEED}={numbers}"])
        finished = runs.finished(chosen)
        if len(finished) < len(chosen):
            raise InputError("code or settings changed meanwhile: run the same command again")
        measured = [chosen[index].chosen | collect.measures(run) for index, run in finished.items()]
        change = dataclasses.replace(change, runs=pd.DataFrame(measured))
    lines = reviews.judge(change, gate, stale)
    metrics = processes.output("dvc", "metrics", "diff", "--md", "--no-path", base)
    reviews.write(change, lines, metrics, output)
    verdict = reviews.summarize(lines)
    print(*lines, f"{output}: {verdict}", sep="\n")
    return verdict != reviews.FAILS
