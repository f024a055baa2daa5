"""The content of the report, and that its page is a single file."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from birnn.core.settings import flatten
from birnn.core.yaml_files import read_yaml
from birnn.evaluation.behavioral_tests import TOLERANCE
from birnn.evaluation.model_names import TITLES, comparisons
from birnn.style import formatting
from tests.birnn import samples
from tests.birnn.report import documents
from tests.birnn.report.documents import Documents, section, words
from tests.projects import PROJECT

pytestmark = pytest.mark.usefixtures("two_networks")


def test_report_starts_with_its_run(plain: Documents, tmp_path: Path) -> None:
    measured = samples.metrics(samples.predictions())
    first = words(plain.report.split("\n\n")[1])
    assert first.startswith("**The test accuracy of this run (seed 0) is ")
    difference = formatting.paired_difference(measured["pairs"]["bilstm_minus_bigru"])
    assert f"BiLSTM minus BiGRU: {difference} points. 95% intervals cover other test" in first
    assert "not other seeds, which may reverse a difference: [results](../docs/results.md)" in first
    # Another network.
    columns = samples.predictions()
    columns["bigru"] = columns["label"].astype(np.float32)
    written = documents.write(tmp_path, columns)
    for text in (written.report, written.card):
        assert "is more accurate than 1 of the 2 networks (95% intervals" in words(text)
        assert not re.search(r"the (BiLSTM|BiGRU) is (better|more accurate)", text)
    assert "The linear model wins" in plain.report
    assert "The linear model wins" not in written.report


def test_tables_have_the_numbers_of_the_metrics(plain: Documents) -> None:
    measured = samples.metrics(samples.predictions())
    for model, title in TITLES.items():
        scores = measured[model]
        accuracy = formatting.with_interval(scores["accuracy"], scores["accuracy_interval"])
        others = " | ".join(f"{scores[name]:.4f}" for name in ("loss", "roc_auc", "f1"))
        assert f"| {title} | {accuracy} | {others} |" in section(plain.report, "Scores")
        assert f"| {title} | {accuracy} | {others} |" in section(plain.card, "Results")
    assert "| BiGRU, notebook | 81.74 | 1.0629 |" in plain.report
    assert "Recurrent parameters: 98,816 for each network." in section(plain.report, "Scores")
    parts = "first words 0.100 for each network; middle words 0.030 for each network."
    assert parts in section(plain.report, "Influence")
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


def test_page_is_a_single_file_with_the_content_of_the_report(plain: Documents) -> None:
    markdown, html, _ = plain
    ids, addresses = (re.findall(rf'\b{name}="([^"]*)"', html) for name in ("id", "href"))
    # Links lead to headings, to parts of drawings and to the results; the icon is empty.
    linked = {address.removeprefix("#") for address in addresses}
    assert linked <= {*ids, "data:,", "../docs/results.md"}
    assert not re.search(r"\ssrc=|url\((?!#)|@import|https?://|<script", html)
    assert len(ids) == len(set(ids))
    assert all(f"var(--{color})" in html for color in (*TITLES, "ink", "grid"))
    headings = re.findall(r'<h2 id="([^"]+)"', html)
    assert headings == re.findall(r"^\* \[[^\]]*\]\(#([\w-]+)\)$", markdown, re.MULTILINE)
    assert len(headings) == 8
    assert html.count("<svg") == len(re.findall(r"!\[.*\]\(\.\./.*\.png\)", markdown)) == 5
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
        "above the threshold (0.5 for each model).",
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
