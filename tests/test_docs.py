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
from birnn.report import sentences
from birnn.report.page import anchor
from birnn.report.what_differs import PLANNED
from birnn_apps.__main__ import app
from birnn_lab.studies import differences, store, table
from tests.projects import DEFAULTS, PROJECT
from tests.test_imports import imported_files

PAGES = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md"), *PROJECT.glob("report/*.md")])
CODE_FILE = re.compile(r"`((?:birnn|stages|tests|benchmarks)/[\w/]+\.\w+)`")
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


def test_quoted_results_are_those_of_the_studies() -> None:
    readme, results = read_results()
    seeds, recipes = (store.read(PROJECT / "study" / name) for name in ("seeds", "recipes"))
    (row,), (default, *_, best) = table.rows(seeds), table.rows(recipes)
    regularization = table.rows(recipes)[5]
    for name in ("bilstm", "bigru"):
        assert table.format_mean(row.means[name]) in results
        assert table.format_mean(best.means[name]) in results
        ends = f"{100 * default.means[name].mean:.0f} to {100 * best.means[name].mean:.0f}"
        assert f"both go from {ends}" in results
        assert f" by {seeds.runs[f'{name}.influence_first'].mean():.3f}" in results
    for study, sign in ((seeds, 1), (store.read(PROJECT / "study" / "rotten-tomatoes"), -1)):
        first = [study.runs[f"{name}.influence_first"] for name in ("bilstm", "bigru")]
        assert (sign * (first[1] - first[0]) > 0).all()
    for measure, difference in row.differences["bilstm", "bigru"].items():
        assert table.format_difference(difference, measure) in results
    gained = {gain.recipe: gain.difference for gain in table.gains(recipes)}
    shown = {name: each.mean for name, each in gained.items() if each and each.low > 0}
    assert set(gained) - set(shown) == {"pooling", "unlabelled"}
    assert set(re.findall(r"([\w-]+) \(\+", sentences.name_gains(recipes))) == set(shown)
    for mean in shown.values():
        assert f": +{100 * mean:.1f}" in results
    last = [*shown].index("n-grams")
    for mean in [*shown.values()][: last + 1]:
        assert f"(+{100 * mean:.1f}" in readme
    assert regularization.combination.label == "regularization"
    difference = regularization.differences["bilstm", "bigru"]["accuracy"]
    mean, low, high = (100 * each for each in (difference.mean, difference.low, difference.high))
    quoted = (
        f"in `regularization` the BiLSTM by {mean:.2f} ({low:.2f} to {high:.2f}; both explored)"
    )
    assert all(quoted in page for page in (readme, results))
    difference = best.differences["bilstm", "bigru"]["accuracy"]
    assert f"| {table.format_difference(difference)} |" in results
    ensemble = table.format_mean(best.means["networks"])
    quoted = " with the mean log-odds of both (five seeds, standard deviation"
    assert ensemble.replace(" ±", quoted) in results
    for study, compared in ((seeds, row), (recipes, best)):
        log_odds = study.log_odds(compared.combination.runs)
        first, second = (log_odds[name] > 0 for name in ("bilstm", "bigru"))
        pairs = ((first, first), (second, second), (first, second))
        shares = [100 * differences.disagreement(*pair).mean() for pair in pairs]
        assert " | ".join(f"{share:.2f}" for share in shares) in results
        if study is seeds:
            assert f"disagree on {shares[2]:.1f} of the test reviews, two BiLSTMs on" in readme
            assert f"BiLSTMs on {shares[0]:.1f}, and two BiGRUs on {shares[1]:.1f}." in readme
    seconds = [default.combination.runs[f"{name}.seconds"] for name in ("bilstm", "bigru")]
    assert f"took {(seconds[0] / seconds[1]).median():.2f} times as long" in readme
    results_of_run = read_json(PROJECT / "metrics" / "metrics.json")
    report = (PROJECT / "report" / "report.md").read_text(encoding="utf-8")
    for model in ("bilstm", "bigru", "baseline"):
        measured = results_of_run[model]
        (shown,) = re.findall(rf"(?m)^\| {TITLES[model]} \| (\d\d\.\d\d \(.*?\)) ", report)
        assert shown.startswith(f"{100 * measured['accuracy']:.2f} ")
        assert f"{shown} " in readme
        # The default run repeats the first run of the study with today's code.
        for measure in ("accuracy", "loss", "roc_auc"):
            assert seeds.runs[f"{model}.{measure}"][0] == measured[measure]


def test_quoted_comparisons_are_those_of_the_protocol() -> None:
    readme, results = read_results()
    epochs = store.read(PROJECT / "study" / "equal-time").runs["train.epochs"]
    units = store.read(PROJECT / "study" / "equal-size").runs["bigru.units"]
    every = slice(None)
    planned_rows = dict.fromkeys(PLANNED, every) | {"equal-size": units == 78}
    for planned in (
        *([item] * 2 for item in planned_rows.items()),
        (("tuned-bilstm", every), ("tuned-bigru", every)),
        (("equal-time", epochs == 3), ("equal-time", epochs == 4)),
    ):
        log_odds = []
        for network, (name, chosen) in zip(("bilstm", "bigru"), planned, strict=True):
            compared = store.read(PROJECT / "study" / name)
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
        difference = table.rows(store.read(PROJECT / "study" / name))[-1].differences[PAIRS[0]]
        shown = table.format_difference(difference[measure], measure)
        mean, low, high = re.findall(r"−([\d.]+)", shown)  # of the BiGRU, without the sign
        assert f"{mean} ({high} to {low}" in results.replace(" points", "")
    drawn = store.read(PROJECT / "study" / "random-settings").runs
    explored = drawn["bilstm.accuracy"] - drawn["bigru.accuracy"]
    for _, each in explored.groupby(drawn["train.learning_rate"] < np.sqrt(0.0003 * 0.003)):
        assert table.format_difference(differences.mean_over_seeds(each)) in results


def test_code_files_exist(text: str) -> None:
    for file in set(re.findall(CODE_FILE, text)) - PLACEHOLDERS:
        assert (PROJECT / file).exists(), file
    architecture = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = architecture[architecture.index("| to change") :].split("\n\n")[0]
    for file in {*re.findall(r"`([a-z_]+/[\w/]+\.py|__main__\.py)`", table)} - PLACEHOLDERS:
        assert (PROJECT / "birnn" / file).exists() or (PROJECT / file).exists(), file
