"""Test that files, targets, settings and commands named in the pages exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.main import get_command

from birnn.core.outputs import read_json
from birnn.core.settings import flatten
from birnn.evaluation.model_names import NETWORKS, PAIRS, TITLES
from birnn.report.page import anchor
from birnn.style.formatting import NOTHING
from birnn_apps.__main__ import app
from birnn_lab.studies import differences, store, table
from birnn_lab.study_tables import compare, disagreements
from tests.projects import DEFAULTS, PROJECT
from tests.test_imports import imported_files

PAGES = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md"), *PROJECT.glob("report/*.md")])
CODE_FILE = re.compile(r"`((?:birnn|birnn_lab|birnn_apps|stages|tests|benchmarks)/[\w/]+\.\w+)`")
PLACEHOLDERS = {"stages/NAME.py", "stages/train_NAME.py"}
# The results of planned comparisons that are the first row of a study, see study/PROTOCOL.md.
EQUIVALENT, BIGRU = "equivalent within 0.5 points", "BiGRU more accurate"
PLANNED = {"strong": EQUIVALENT, "rotten-tomatoes": EQUIVALENT}
PLANNED |= {"random-settings": BIGRU, "equal-size": BIGRU}


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


def test_modules_of_the_default_run_are_listed() -> None:
    page = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| `((?:stages|birnn)/[a-z_/]*)` \| (.*) \|$", page)
    listed = {
        f"{folder}{name}.py" for folder, names in rows for name in re.findall(r"`(\w+)`", names)
    }
    stages = [Path(name).stem for name in listed if name.startswith("stages/")]
    used = set().union(*(imported_files(stage) for stage in stages))
    used |= {path.relative_to(PROJECT).as_posix() for path in PROJECT.glob("birnn/runtime/*.py")}
    # A reader may have added one.
    networks = {f"birnn/architectures/{name}.py" for name in NETWORKS}
    assert listed - networks == {name for name in used if re.search(r"[^_]\.py$", name)} - networks


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
    _, *measures = compare(seeds, table.rows(seeds)[0])
    for title, *cells, _, _ in measures:
        assert f"| {title} | {' | '.join(cells)} |" in results
    for study, place in (*((read_study(name), 0) for name in PLANNED), (seeds, 0), (recipes, -1)):
        row = table.rows(study)[place]
        _, *cells, _, result = next(compare(study, row))
        assert f"| {' | '.join(cells)} |" in results
        assert result == PLANNED.get(study.name, result)
        if shares := disagreements(study, row):
            title = f", {len(row.combination.runs)} seeds"
            assert f"{title} | {' | '.join(shares.values())} |" in results
    gains = {gain.recipe: table.format_difference(gain.difference) for gain in table.gains(recipes)}
    rows, above = {row.combination.label: row for row in table.rows(recipes)}, None
    for recipe in recipes.about.recipes:
        name, base, title = recipe["name"], recipe["base"], recipe["title"]
        added = title if base in (None, above) else f"to {base}: {title}"
        means = [table.format_mean(rows[name].means[network]) for network in recipes.networks]
        runs, above = rows[name].combination.runs, name
        time = f"{runs['all.seconds'].min() / 60:.1f}"
        cells = [f"`{name}`", added, *means, gains.get(name, NOTHING), time]
        assert f"| {' | '.join(cells)} |" in results
        networks = runs[[f"{network}.accuracy" for network in recipes.networks]].min(axis=1)
        after = [*rows].index(name) >= [*rows].index("n-grams")
        assert (networks > runs["baseline.accuracy"]).all() == after


def test_quoted_results_are_those_of_the_studies() -> None:
    readme, results = read_results()
    seeds, recipes = read_study("seeds"), read_study("recipes")
    (row,), (default, *_, best) = table.rows(seeds), table.rows(recipes)
    for name in ("bilstm", "bigru"):
        ends = f"{100 * default.means[name].mean:.0f} to {100 * best.means[name].mean:.0f}"
        assert f"both go from {ends}" in results
    for study, sign in ((seeds, 1), (read_study("rotten-tomatoes"), -1)):
        first = [study.runs[f"{name}.influence_first"] for name in ("bilstm", "bigru")]
        assert (sign * (first[1] - first[0]) > 0).all()
    gained = {gain.recipe: gain.difference for gain in table.gains(recipes)}
    shown = {name: gain.mean for name, gain in gained.items() if gain.low > 0}
    assert set(gained) - set(shown) == {"pooling", "unlabelled"}
    last = [*shown].index("n-grams")
    for mean in [*shown.values()][: last + 1]:
        assert f"(+{100 * mean:.1f}" in readme
    regularization = table.rows(recipes)[5]
    assert regularization.combination.label == "regularization"
    difference = regularization.differences["bilstm", "bigru"]["accuracy"]
    mean, low, high = (100 * end for end in (difference.mean, difference.low, difference.high))
    quoted = (
        f"in `regularization` the BiLSTM by {mean:.2f} ({low:.2f} to {high:.2f}; both explored)"
    )
    assert all(quoted in page for page in (readme, results))
    ensemble = table.format_mean(best.means["networks"])
    quoted = " with the mean log-odds of both (five seeds, standard deviation"
    assert ensemble.replace(" ±", quoted) in results
    first, both, second = (float(share.split()[0]) for share in disagreements(seeds, row).values())
    assert f"disagree on {both:.1f} of the test reviews, two BiLSTMs on" in readme
    assert f"BiLSTMs on {first:.1f}, and two BiGRUs on {second:.1f}." in readme
    seconds = [default.combination.runs[f"{name}.seconds"] for name in ("bilstm", "bigru")]
    assert f"took {(seconds[0] / seconds[1]).median():.2f} times as long" in readme
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


def test_quoted_comparisons_are_those_of_the_protocol() -> None:
    readme, results = read_results()
    epochs = read_study("equal-time").runs["train.epochs"]
    units = read_study("equal-size").runs["bigru.units"]
    every = slice(None)
    planned_rows = dict.fromkeys(PLANNED, every) | {"equal-size": units == 78}
    for planned in (
        *([item] * 2 for item in planned_rows.items()),
        (("tuned-bilstm", every), ("tuned-bigru", every)),
        (("equal-time", epochs == 3), ("equal-time", epochs == 4)),
    ):
        log_odds = []
        for network, (name, chosen) in zip(("bilstm", "bigru"), planned, strict=True):
            compared = read_study(name)
            runs = compared.runs[chosen].sort_values(store.SEED)
            mean = differences.mean_over_seeds(runs[f"{network}.accuracy"])
            assert name == "equal-time" or table.format_mean(mean) in results
            log_odds.append(compared.log_odds(runs)[network])
        found = differences.compute_differences(*log_odds, *compared.labels_and_groups(), 3)
        shown = table.format_difference(found["accuracy"])
        in_text = shown.replace(" (", " points (")
        assert (in_text if name == "equal-time" else f"| {shown} |") in results
        if name == "equal-size":
            first = [runs[f"{network}.influence_first"] for network in ("bilstm", "bigru")]
            assert differences.difference_over_seeds(*first, "influence_first", 3).higher is None
        if name in PLANNED:
            assert f"by {-100 * found['accuracy'].mean:.2f} " in readme
    for name, measure in (
        ("equal-size", "accuracy"),  # the last row, with equal units
        ("tuned-bilstm", "accuracy"),
        ("tuned-bigru", "accuracy"),
        ("strong", "roc_auc"),
        ("rotten-tomatoes", "roc_auc"),
    ):
        difference = table.rows(read_study(name))[-1].differences[PAIRS[0]]
        shown = table.format_difference(difference[measure], measure)
        mean, low, high = re.findall(r"−([\d.]+)", shown)  # of the BiGRU, without the sign
        assert f"{mean} ({high} to {low}" in results.replace(" points", "")
    drawn = read_study("random-settings").runs
    explored = drawn["bilstm.accuracy"] - drawn["bigru.accuracy"]
    for _, each in explored.groupby(drawn["train.learning_rate"] < np.sqrt(0.0003 * 0.003)):
        assert table.format_difference(differences.mean_over_seeds(each)) in results


def test_code_files_exist(text: str) -> None:
    for file in set(re.findall(CODE_FILE, text)) - PLACEHOLDERS:
        assert (PROJECT / file).exists(), file
