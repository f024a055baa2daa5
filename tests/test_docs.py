"""Test that files, targets, settings and commands named in the pages exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.main import get_command

from birnn.core.outputs import read_json
from birnn.core.settings import flatten
from birnn.evaluation.model_names import PAIRS, TITLES
from birnn.report.page import anchor
from birnn.style.formatting import NOTHING
from birnn_apps.__main__ import app
from birnn_lab.studies import differences, store, table
from birnn_lab.study_tables import compare, disagreements
from study import comparisons
from tests.projects import DEFAULTS, PROJECT

PAGES = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md"), *PROJECT.glob("report/*.md")])
CODE_FILE = re.compile(r"`((?:birnn|birnn_lab|birnn_apps|stages|tests|benchmarks)/[\w/]+\.\w+)`")
PLACEHOLDERS = {"stages/NAME.py", "stages/train_NAME.py"}


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)", page.read_text(encoding="utf-8"), re.MULTILINE)
    return set(map(anchor, headings))


def broken_links(page: Path) -> Iterator[str]:
    """Yield the relative links of a page whose file or heading does not exist."""
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, heading = link.partition("#")
        if "://" in path:
            continue
        target = page.parent / path if path else page
        is_page = target.suffix == ".md" and heading
        if not target.exists() or (is_page and heading not in anchors(target)):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_exist(page: Path) -> None:
    assert list(broken_links(page)) == []


@pytest.fixture(scope="module")
def text() -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def test_make_targets_exist(text: str) -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|\$ (?:[A-Z_]+=\S+ )?)make ([a-z-]+)", text))
    assert len(named) > 10
    assert named <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_settings_exist(text: str) -> None:
    settings = flatten(DEFAULTS.model_dump())
    sections = "|".join({name.partition(".")[0] for name in settings})
    named = set(re.findall(rf"(?:`|-S )((?:{sections})\.[a-z_]+)\b", text))
    assert len(named) > 10
    files = {name for name in named if name.endswith((".yaml", ".py", ".csv"))}
    assert named - files <= settings.keys()


def test_commands_and_their_options_exist(text: str) -> None:
    used = re.findall(r"(?:`|\$ )birnn ([a-z]+)([^`\n#]*)", text.replace("\\\n", " "))
    commands = get_command(app).commands  # type: ignore[attr-defined]
    checked = 0
    for name, arguments in used:
        command = commands[name]
        for subcommand in getattr(command, "commands", {}).values():
            command = subcommand
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        options = set(re.findall(r"(?<!\S)--?[a-zA-Z][\w-]*", arguments))
        assert options <= known, f"birnn {name} has no {options - known}"
        checked += len(options)
    assert checked > 20


def read_results() -> list[str]:
    """Return README and page of results, without line breaks and percent signs."""
    files = PROJECT / "README.md", PROJECT / "docs" / "results.md"
    return [" ".join(file.read_text(encoding="utf-8").replace("%", "").split()) for file in files]


def read_study(name: str) -> store.Study:
    return store.read(PROJECT / "study" / name)


def test_tables_are_those_of_the_studies() -> None:
    _, results = read_results()
    seeds, recipes = read_study("seeds"), read_study("recipes")
    for title, *cells, _ in compare(seeds, table.rows(seeds)[0]):
        row = title if title != "accuracy in %" else "looked at after 10, 17 and 30)"
        assert f"{row} | {' | '.join(cells)} |" in results
    for name in ("seeds", "strong", "rotten-tomatoes", "equal-size", "recipes"):
        row = table.rows(read_study(name))[-1 if name == "recipes" else 0]
        title = f", {len(row.combination.runs)} seeds"
        shares = disagreements(read_study(name), row).values()
        assert f"{title} | {' | '.join(shares)} |" in results
    gains = {
        recipe: table.format_difference(gain.difference)
        for recipe, gain in table.gains(recipes).items()
    }
    rows, above = {row.combination.label: row for row in table.rows(recipes)}, None
    for recipe in recipes.about.recipes:
        name, base, title = recipe["name"], recipe["base"], recipe["title"]
        added = title if base in (None, above) else f"to {base}: {title}"
        means = [table.format_mean(rows[name].means[network]) for network in recipes.networks]
        runs, above = rows[name].combination.runs, name
        time = f"{runs['all.seconds'].min() / 60:.1f}"
        difference = table.format_difference(rows[name].differences[PAIRS[0]])
        cells = [f"`{name}`", added, *means, difference, gains.get(name, NOTHING), time]
        assert f"| {' | '.join(cells)} |" in results
        networks = runs[[f"{network}.accuracy" for network in recipes.networks]].min(axis=1)
        after = [*rows].index(name) >= [*rows].index("n-grams")
        assert (networks > runs["baseline.accuracy"]).all() == after


def test_quoted_results_are_those_of_the_studies() -> None:
    readme, results = read_results()
    seeds, recipes = read_study("seeds"), read_study("recipes")
    default, *_, best = table.rows(recipes)
    for name in ("bilstm", "bigru"):
        ends = f"from {100 * default.means[name].mean:.0f} to {100 * best.means[name].mean:.0f}"
        assert f"both go {ends}" in results
        assert f"both networks go {ends}" in readme
    shown = {name for name, gain in table.gains(recipes).items() if gain.difference.low > 0}
    assert {*table.gains(recipes)} - shown == {"pooling", "unlabelled"}
    differing = [
        row.combination.label
        for row in table.rows(recipes)
        if row.differences[PAIRS[0]].higher is not None
    ]
    assert len(differing) == 1
    assert f"differences, of which one is shown (`{differing[0]}`)" in results
    ensemble = table.format_mean(best.means["networks"])
    quoted = " with the mean log-odds of both (five seeds, standard deviation"
    assert ensemble.replace(" ±", quoted) in results
    seconds = [default.combination.runs[f"{name}.seconds"] for name in ("bilstm", "bigru")]
    assert f"took {(seconds[0] / seconds[1]).median():.2f} times as long" in results
    results_of_run = read_json(PROJECT / "metrics" / "metrics.json")
    report = (PROJECT / "report" / "report.md").read_text(encoding="utf-8")
    for model in ("bilstm", "bigru", "baseline"):
        measured = results_of_run[model]
        (shown_in_report,) = re.findall(
            rf"(?m)^\| {TITLES[model]} \| (\d\d\.\d\d \(.*?\)) ", report
        )
        assert shown_in_report.startswith(f"{100 * measured['accuracy']:.2f} ")
        assert f"{shown_in_report} " in readme
        # The default run repeats the first run of the study with today's code.
        for measure in ("accuracy", "loss", "roc_auc"):
            assert seeds.runs[f"{model}.{measure}"][0] == measured[measure]


def test_planned_comparisons_are_shown_with_their_results() -> None:
    _, results = read_results()
    for family in comparisons.read_planned().values():
        for title, comparison in comparisons.compare(family).items():
            (sides, difference), result = comparison, comparison.result
            shown = table.format_difference(difference)
            means = [table.format_mean(side.mean()) for side in sides]
            ahead = f"{difference.better} of {difference.seeds}"
            assert f"| {title} | {' | '.join([*means, shown, ahead, result])} |" in results


def test_findings_are_those_of_the_planned_comparisons() -> None:
    readme, _ = read_results()
    networks, directions = map(comparisons.compare, comparisons.read_planned().values())
    ahead = {
        title: found.difference for title, found in networks.items() if found.difference.higher == 0
    }
    for found in networks.values():
        if found.difference.higher is not None:
            linear = table.unrounded(*found.sides[0].select()[:2])["baseline.accuracy"].mean()
            assert linear > max(side.mean().mean for side in found.sides)
    ((title, largest),) = ahead.items()
    assert title.endswith("on `rotten-tomatoes`")
    assert f"once ahead by {100 * largest.mean:.1f} points" in readme
    others = [found.difference for name, found in networks.items() if name != title]
    assert all(max(-difference.low, difference.high) < 0.01 for difference in others)
    assert "On IMDB, the networks differ by less than a point" in readme
    pooled = [found.difference for name, found in directions.items() if "notebook" not in name]
    assert all(difference.high < 0.005 for difference in pooled)
    assert "at most half a point**, at equal size, if the output reads all states" in readme
    others = [found.difference for name, found in directions.items() if "notebook" in name]
    assert all(difference.low < 0 for difference in others)


def test_networks_disagree_more_than_two_of_one_kind_for_new_seeds() -> None:
    _, results = read_results()
    ratios = []
    for name in ("seeds", "strong", "rotten-tomatoes", "equal-size", "recipes"):
        study = read_study(name)
        runs = table.rows(study)[-1 if name == "recipes" else 0].combination.runs
        log_odds = study.log_odds(runs)
        predicted = [log_odds[network] > 0 for network in PAIRS[0]]

        def excess(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
            pairs = (first, first), (second, second), (first, second)
            one, other, both = (differences.disagreement(*pair).mean() for pair in pairs)
            return both - (one + other) / 2, both / ((one + other) / 2)

        seeds = len(runs)
        without = [
            excess(*(np.delete(each, seed, axis=0) for each in predicted))[0]
            for seed in range(seeds)
        ]
        mean, ratio = excess(*predicted)
        assert mean > 8 * np.std(without) * np.sqrt(seeds - 1)
        ratios.append((ratio, mean))
    low, high = min(ratios), max(ratios)
    assert f"{100 * low[0] - 100:.0f} to {100 * high[0] - 100:.0f} more often" in results
    smallest = min(mean for _, mean in ratios)
    assert f"on {100 * smallest:.2f} to {100 * high[1]:.2f} in 100 reviews" in results


def test_quoted_comparisons_are_those_of_the_studies() -> None:
    _, results = read_results()
    for name, measure in (
        ("equal-size", "accuracy in %"),  # the last row, with equal units
        ("tuned-bilstm", "accuracy in %"),
        ("tuned-bigru", "accuracy in %"),
    ):
        study = read_study(name)
        shown = {title: cells for title, *cells in compare(study, table.rows(study)[-1])}[measure][
            2
        ]
        mean, low, high = re.findall(r"−([\d.]+)", shown)  # of the BiGRU, without the sign
        assert f"{mean} ({high} to {low}" in results.replace(" points", "").replace("97.5: ", "")
    drawn = read_study("random-settings").runs
    explored = drawn["bilstm.accuracy"] - drawn["bigru.accuracy"]
    for _, each in explored.groupby(drawn["train.learning_rate"] < np.sqrt(0.0003 * 0.003)):
        assert table.format_difference(differences.mean_over_seeds(each)) in results


def test_quoted_directions_are_those_of_the_studies() -> None:
    _, results = read_results()
    for name in ("directions-notebook", "directions-regularization"):
        gain = table.gains(read_study(name))["forward, 105"].difference
        mean, low, high = (100 * abs(value) for value in (gain.mean, gain.low, gain.high))
        ends = f"({min(low, high):.2f} to {max(low, high):.2f})"
        assert f"by {mean:.2f} points {ends}" in results
    gain = table.gains(read_study("directions-skip-gram"))["forward, 103"].difference
    ends = f"({-100 * gain.high:.2f} to {-100 * gain.low:.2f})"
    assert f"loses {-100 * gain.mean:.2f} points {ends} against both" in results
    study = read_study("directions-regularization")
    both, none = (study.runs.query(f"`network.direction` == '{each}'") for each in ("both", "none"))
    for network in ("bilstm", "bigru"):
        sides = (table.Side(study, runs, [network]) for runs in (both, none))
        lost = table.paired_difference(*sides, "accuracy", comparisons=1)
        assert f"({100 * lost.low:.2f} to {100 * lost.high:.2f}" in results
        assert f"{100 * lost.mean:.2f} points less" in results


def test_code_files_exist(text: str) -> None:
    for file in set(re.findall(CODE_FILE, text)) - PLACEHOLDERS:
        assert (PROJECT / file).exists(), file
