"""The content of the report, and that its page is a single file."""

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from birnn.core.settings import flatten
from birnn.core.yaml_files import read_yaml
from birnn.evaluation.behavioral_tests import TOLERANCE
from birnn.evaluation.model_names import TITLES, comparisons
from birnn.networks import log_odds
from birnn.style import formatting
from birnn_lab.studies import store, writing
from stages import report as report_stage
from tests.birnn import samples
from tests.birnn.report import documents
from tests.birnn.report.documents import Documents, section, words
from tests.projects import PROJECT

pytestmark = pytest.mark.usefixtures("two_networks")


def test_answer_is_from_the_study_over_seeds(complete: Documents) -> None:
    text = words(complete.report)
    for phrase in (
        "2 seeds, the mean test accuracy is 70.00% (BiLSTM), 70.50% (BiGRU)",
        "**undecided** (BiLSTM minus BiGRU: −0.50 points, 98.3% interval over",
        "is more accurate than every network with 2 of 2 seeds",
        "The study does not contain the run below",
    ):
        assert phrase in text
    assert "| influence of" not in text  # not in the study


@pytest.mark.parametrize(
    ("gain", "result"),
    [
        (-0.01, "the BiLSTM is more accurate** (BiLSTM minus BiGRU: +14.50"),
        (0.0002, "the BiGRU is more accurate and both are practically equivalent, within 0.5"),
        (0.0004, "the BiGRU is more accurate** (BiLSTM minus BiGRU: −0.58 points, 98.3% interval"),
    ],
)
def test_result_is_named_as_in_the_protocol(gain: float, result: str, tmp_path: Path) -> None:
    written = documents.write(tmp_path, studies=[samples.study(gain=gain, seeds=30)])
    for text in (written.report, written.card):
        assert f": **{result}" in words(text)


@pytest.mark.parametrize(
    "options", [{"seeds": 1}, {"networks": ("bilstm",)}, {"varied": {"bigru.units": [64, 79]}}]
)
def test_single_run_has_no_verdict(tmp_path: Path, options: dict[str, Any]) -> None:
    columns = samples.predictions()
    columns["bigru"] = columns["label"].astype(np.float32)
    written = documents.write(tmp_path, columns, studies=[samples.study(**options)])
    for text in (written.report, written.card):
        assert "run cannot show which network is better" in text
        assert "is more accurate than 1 of the 2 networks (95% intervals" in words(text)
        assert not re.search(r"the (BiLSTM|BiGRU) is (better|more accurate)", text)
    assert "The linear model wins" not in written.report


def test_recipes_have_a_row_each(complete: Documents, tmp_path: Path) -> None:
    text = section(complete.report, "Recipes")
    gain = "+10.00 (all seeds are equal)"
    assert f"| pooled | the pooled networks | 80.00 | 81.00 | {gain} | 1.3 |" in text
    assert "| third | to plain: the third networks | 90.00 | 91.00 | +20.00 (" in text
    assert "beats the baseline with every seed in: third." in words(text)
    better = samples.recipes()
    better.runs["baseline.accuracy"] = better.runs["bilstm.accuracy"]
    markdown, html, _ = documents.write(tmp_path, recipes=better, about={"corpus": "*_a.csv"})
    assert html.count("*_a.csv</") == 3  # in the title, in the heading and in a table
    assert "from 70.00% (BiLSTM), 71.00% (BiGRU) to 90.00%" in words(markdown)
    assert "with every seed in: no recipe." in words(markdown)


def test_planned_comparisons_come_first(tmp_path: Path) -> None:
    studies = store.read_all(PROJECT / "study")
    strong = report_stage.choose_planned(studies, studies[0].about.corpus)["recipe n-grams"]
    sample = replace(strong.about, varied=["train.epochs"], sampler=store.RANDOM)
    drawn = replace(strong, folder=Path("study/random-settings"), about=sample)
    planned = {"recipe n-grams": strong, "random settings": drawn}
    options: dict[str, Any] = {"studies": [samples.study()], "planned": planned}
    markdown, *_ = documents.write(tmp_path, **options)
    result = "20 runs: **both are practically equivalent, within 0.5 points** (BiLSTM"
    first = words(markdown).index(f"Planned, recipe n-grams, {result}")
    second = words(markdown).index("Planned, random settings, 20 runs: ")
    assert first < second < words(markdown).index("seeds (explored, not corrected")
    assert "interval over draws" in words(markdown)[second:]
    row = "accuracy in %, recipe n-grams (planned) | 92.68 ± 0.09 | 92.81 ± 0.12 | −0.13 (−0.27 to"
    assert row in markdown
    assert "| recipe n-grams | 2.97" in markdown
    assert "| random settings |" not in markdown  # two draws differ in more than the seed
    options = {"planned": {"recipe n-grams": strong}}
    assert "loss in nats, recipe n-grams" not in documents.write(tmp_path, **options).report
    # Unfinished studies are left out, and all in a report on another corpus.
    assert report_stage.choose_planned(studies, {"name": "other"}) == {}
    unfinished = [replace(study, runs=study.runs[:3]) for study in studies]
    assert report_stage.choose_planned(unfinished, studies[0].about.corpus) == {}


def test_tables_have_the_numbers_of_the_metrics(plain: Documents, complete: Documents) -> None:
    measured = samples.metrics(samples.predictions())
    for model, title in TITLES.items():
        scores = measured[model]
        accuracy = formatting.with_interval(scores["accuracy"], scores["accuracy_interval"])
        others = " | ".join(f"{scores[name]:.4f}" for name in ("loss", "roc_auc", "f1"))
        assert f"| {title} | {accuracy} | {others} |" in section(plain.report, "Scores")
        assert f"| {title} | {accuracy} | {others} |" in section(plain.card, "Results")
    assert "| BiGRU, notebook | 81.74 | – | 1.0629 |" in complete.report
    names = ("BiLSTM minus BiGRU", "Baseline minus BiLSTM", "Baseline minus BiGRU")
    compared = [*comparisons(measured).values(), *measured["baseline"]["against"]]
    for name, each in zip(names, compared, strict=True):
        counts = " | ".join(str(count) for row in each["contingency"] for count in row)
        row = f"| {name} | {formatting.paired_difference(each)} | {counts} |"
        assert row in section(plain.report, "Agreement and errors")


def test_held_out_reviews_are_named(tmp_path: Path, plain: Documents) -> None:
    assert "loss on the test split is lowest after epoch 2 for each network" in plain.report
    assert "`dvc exp run -S pad.validation=0.1`" in plain.report
    assert "Each epoch was scored on the test reviews" in plain.card
    settings, about = samples.SETTINGS | {"pad.validation": 0.1}, {"validation": 0.1}
    markdown, _, card = documents.write(tmp_path, settings=settings, about=about)
    assert "the loss on the held-out reviews is lowest" in markdown
    assert "2,500 are held out for validation" in markdown
    assert "| `pad.validation` | `test` | `0.1` |" in markdown
    assert "A hold-out of 0.1 of the training reviews was not trained on." in card
    measured = samples.metrics(samples.predictions(), **about)
    names = ("ece", "ece_scaled", "loss", "loss_scaled", "temperature")
    for model, title in TITLES.items():
        cells = " | ".join(f"{measured[model][name]:.4f}" for name in names)
        assert all(f"| {title} | {cells} |" in text for text in (markdown, card))


def test_page_is_a_single_file_with_the_content_of_the_report(complete: Documents) -> None:
    markdown, html, _ = complete
    ids, addresses = (re.findall(rf'\b{name}="([^"]*)"', html) for name in ("id", "href"))
    # Links lead to headings and to parts of drawings; the icon is empty.
    assert {address.removeprefix("#") for address in addresses} <= {*ids, "data:,"}
    assert not re.search(r"\ssrc=|url\((?!#)|@import|https?://|<script", html)
    assert len(ids) == len(set(ids))
    assert all(f"var(--{color})" in html for color in (*TITLES, "ink", "grid"))
    headings = re.findall(r'<h2 id="([^"]+)"', html)
    assert headings == re.findall(r"^\* \[[^\]]*\]\(#([\w-]+)\)$", markdown, re.MULTILINE)
    assert len(headings) == 9
    assert html.count("<svg") == len(re.findall(r"!\[.*\]\(\.\./.*\.png\)", markdown)) == 7
    numbers, in_page = (
        set(re.findall(r"\d[\d.,]*\d", re.sub(r"!\[.*\)|<[^>]*>", " ", text)))
        for text in (markdown, html)
    )
    assert numbers <= in_page
    for block, following in pairwise(markdown.split("\n\n")):
        assert not block.startswith("![") or following.startswith("*")


def test_data_and_settings_are_described(tmp_path: Path, plain: Documents) -> None:
    columns = samples.predictions()
    median = f"{np.median(columns['words']):,.0f}"
    for phrase in (
        f"| words per review, median | {median} | {median} |",
        f"**{samples.OVERLAP} of the 25,000 test reviews",
        "19,996 of the 88,584 words",
        "positive reviews: `fine`.",
        f"probability is above {log_odds.THRESHOLD}",
        f"by more than {TOLERANCE}.",
    ):
        assert phrase in words(plain.report)
    assert "unlabelled reviews, without" not in plain.report
    # Only copies of training reviews are classified correctly.
    is_copy = columns["words"] < samples.MEMORIZED
    columns["bigru"] = np.where(is_copy == columns["label"], 9, -9).astype(np.float32)
    settings = flatten(read_yaml(PROJECT / "params.yaml"))
    markdown = documents.write(tmp_path, columns, settings, distinctive_words=([], [])).report
    assert "All settings of the networks come from the notebook of 2021" in markdown
    assert re.search(r"Without them, .* 0\.00% \(BiGRU\)", words(markdown))
    assert "Words that" not in markdown


def test_report_has_studies_of_its_corpus_and_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sizes = samples.study(Path("study/sizes"), varied={"bigru.units": [64, 79]})
    for each in (sizes, samples.recipes(), samples.study()):
        writing.write_files(each, {})
    found, corpus, settings = store.read_all(), sizes.about.corpus, {"train.seed": 0}
    over_seeds = report_stage.find_complete(
        study for study in found if study.matches(corpus, settings)
    )
    recipes = report_stage.find_recipes(found, corpus)
    assert [over_seeds and over_seeds.name, recipes and recipes.name] == ["seeds", "recipes"]
    # The study over seeds does not have the number of units.
    assert not over_seeds.matches(corpus, settings | {"bigru.units": 64})
    # The name alone makes no study of recipes, nor does another corpus.
    named = replace(sizes, folder=Path("study/recipes"))
    assert report_stage.find_recipes([named], corpus) is None
    assert report_stage.find_recipes(found, corpus | {"digest": "other"}) is None
