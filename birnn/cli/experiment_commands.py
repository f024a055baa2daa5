"""The `birnn` commands for experiments: studies, recipes, the ladder and reviews."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from birnn.evaluation.model_names import PAIRS, TITLES, pair_title
from birnn.experiments import (
    cluster,
    execution,
    gate,
    grid,
    ladder,
    private_apis,
    recipes,
    revisions,
    runs,
    search_results,
    studies,
    tried,
)
from birnn.experiments import review as reviews
from birnn.experiments import search as searches
from birnn.reporting import conclusions, formatting
from birnn.reporting import study as stored_study
from birnn.reporting.study import SEED


def sweep(settings: Sequence[str], recipe_names: Sequence[str]) -> None:
    """Run the unfinished experiments of a grid of settings, one after the other.

    Args:
        settings: options such as `train.seed=0..9`.
        recipe_names: recipes to start from, or `all`.

    Raises:
        InputError: an option is not valid, or an experiment failed.
    """
    execution.run(points(settings, recipe_names), execution.one_by_one)


def sweep_on_ray(
    settings: Sequence[str], recipe_names: Sequence[str], needs: cluster.Needs, git_remote: str
) -> None:
    """Run the unfinished experiments of a grid on a Ray cluster, whose machines clone `git_remote`.

    Raises:
        InputError: an option is not valid, the cluster cannot be used, or an experiment failed.
    """
    chosen = points(settings, recipe_names)
    machines = cluster.connect(needs, git_remote)
    machines.pull(chosen)
    execution.run(chosen, machines.execute)


def points(settings: Sequence[str], recipe_names: Sequence[str]) -> list[grid.Point]:
    """Return the points of a grid, for each recipe if there are any."""
    if not recipe_names:
        return grid.points(settings)
    selected = {recipe.name: recipe for name in recipe_names for recipe in recipes.named(name)}
    return [point for recipe in selected.values() for point in grid.points(settings, recipe)]


def study(
    name: str, settings: Sequence[str], recipe_names: Sequence[str], *, replace: bool = False
) -> None:
    """Collect finished experiments in `study/NAME`, and print their accuracies.

    Without settings and recipe, only compute the comparison in `study/NAME` again, from the
    predictions there.

    Raises:
        InputError: an option is not valid, no experiment is finished, `study/NAME` has results
            that would be lost, unless `replace` is true, or there are no predictions.
    """
    folder = studies.FOLDER / name
    if settings or recipe_names:
        chosen = points(settings, recipe_names)
        matches = runs.finished(chosen)
        studies.write(name, chosen, matches, replace=replace)
        print(f"{len(matches)} of {len(chosen)} experiments: {folder}")
    else:
        studies.compare(folder)
        studies.draw(folder)
    _show(stored_study.read(folder))


def _show(collected: stored_study.Study) -> None:
    """Print the accuracies of a study, and the differences of the networks."""
    titles = [TITLES[name] for name in collected.networks]
    accuracies = Table(*collected.varied, "seeds", *titles)
    covered = "seeds" if collected.comparison is None else "seeds and groups"
    differences = Table(*collected.varied, "difference", f"points (95% interval over {covered})")
    for group in collected.groups("accuracy"):
        values = [str(value) for value in group.combination.values()]
        cells = map(formatting.with_deviation, group.networks.values())
        accuracies.add_row(*values, str(group.seeds), *cells)
        for pair, spread in group.differences.items():
            differences.add_row(*values, pair_title(*pair), formatting.difference(spread))
    Console().print(accuracies)
    if differences.row_count:
        Console().print(differences)
    if collected.comparison is not None and len(PAIRS) == 1:
        (pair,) = PAIRS
        headline = conclusions.headline(collected.comparison, pair)
        print(f"Over new seeds and new groups of test reviews, {headline}")


def search(  # noqa: PLR0913, PLR0917  # one parameter per option
    name: str,
    settings: Sequence[str],
    recipe_name: str | None,
    metric: str,
    trials: int,
    execute: searches.Execute = searches.one_by_one,
    batch: int = 1,
    *,
    replace: bool = False,
) -> None:
    """Search settings, write the results to `study/NAME`, and print what they show.

    Raises:
        InputError: an option is not valid, the search began with others, `study/NAME` has results
            that would be lost, unless `replace` is true, or every trial failed.
    """
    (recipe,) = recipes.named(recipe_name) if recipe_name else (None,)
    chosen = searches.parse(name, settings, recipe, metric)
    check = None if replace else partial(search_results.check_replaceable, chosen)
    results = search_results.collect(chosen, searches.run(chosen, trials, execute, batch, check))
    print(f"{len(results.study.trials)} trials: {search_results.write(results)}")
    Console(highlight=False).print(search_results.conclude(results))
    print("To confirm this with other seeds and other held-out reviews, run:")
    print(f"    {search_results.confirmation(results)}")


def on_ray(needs: cluster.Needs, git_remote: str) -> searches.Execute:
    """Return a function that runs the trials of a search on a Ray cluster.

    Raises:
        InputError: the cluster cannot be used.
    """
    return searches.in_batches(cluster.connect(needs, git_remote))


def collect_ladder(settings: Sequence[str], names: Sequence[str]) -> None:
    """Collect the finished experiments of recipes in `study/ladder`; others keep their results.

    Raises:
        InputError: an option is not valid, or a recipe has no finished experiment.
    """
    chosen = points(settings, names)
    finished = runs.finished(chosen)
    matches: dict[str, list[runs.Run]] = {point.recipe: [] for point in chosen}
    for index, run in finished.items():
        matches[chosen[index].recipe].append(run)
    folder = ladder.write(matches, list(recipes.read().values()))
    print(f"{len(finished)} experiments: {folder}")


def log_tried() -> None:
    """Add finished experiments that hold out reviews to the log of compared settings."""
    added, total = tried.append(runs.finished_with_any_code(), list(recipes.read().values()))
    print(f"{added} new of {total} rows: {tried.FILE}")


def review(
    base: str,
    output: Path,
    seeds: int | None,
    run_grid: Callable[[Sequence[str], Sequence[str]], None],
) -> bool:
    """Write the review of the changes since `base`, and return whether it passes.

    Args:
        base: commit before the change.
        output: file to write.
        seeds: number of seeds to run the change with, or None to compare one run on each side.
        run_grid: `sweep`, or a function like it.

    Raises:
        InputError: `base` is not a commit, `gate.yaml` is not valid, or the change cannot be
            compared over seeds.
    """
    stale, conditions = private_apis.stale_stages(), gate.read()
    before, after = revisions.read_commit(base), revisions.read_working_tree()
    noise, repeated = reviews.noise_study(studies.FOLDER, before), None
    if seeds:
        reviews.check_seeds(before, after, noise, conditions)
        settings = [f"{SEED}=0..{seeds - 1}"]
        run_grid(settings, [])
        chosen = grid.points(settings)
        repeated = studies.rows(chosen, runs.finished(chosen))
    result = reviews.review(before, after, noise, conditions, stale=bool(stale), runs=repeated)
    reviews.write(result, base, output)
    for test in result.tests:
        print(test.sentence)
    if result.tests:
        print(result.rule)
    print(f"{output}: {'fails' if result.failures else 'passes'}")
    for failure in result.failures:
        print(f"- {failure}")
    return not result.failures


def fresh() -> bool:
    """Print whether `dvc.lock` is up to date, and return it."""
    stale = private_apis.stale_stages()
    if stale == ["code"]:
        changed = ", ".join(runs.stages_of_changed_code()) or "no other stage"
        print(f"code is stale: run make repro, which runs {changed}, and commit the results")
    elif stale:
        print(f"dvc.lock is stale ({', '.join(stale)}): run make repro, and commit its results")
    else:
        print("dvc.lock is fresh")
    return not stale
