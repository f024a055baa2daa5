"""Test the content of the report, and that its page is a single file."""

import re
from collections import defaultdict
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from birnn.core.settings import flatten
from birnn.core.yaml_files import read_yaml
from birnn.networks import decision
from birnn.reporting import report
from birnn.reporting.references import NOTEBOOK_SETTINGS
from birnn.studies import store
from birnn.style import formatting
from stages import report as report_stage
from tests.birnn import samples
from tests.projects import PROJECT


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Return the report as Markdown and as HTML, with all of its sections."""
    folder = tmp_path_factory.mktemp("report")
    sizes = samples.study(Path("study/sizes"), varied={"bigru.units": [64, 79]})
    studies = [samples.study(), sizes]
    return samples.write_report(
        folder, samples.predictions(), studies=studies, recipes=samples.recipes()
    )


def words(text: str) -> str:
    return " ".join(text.split())


def section(text: str, heading: str) -> str:
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def opening(text: str) -> str:
    return words(text.partition("\n- [")[0])


def write(folder: Path, **options: Any) -> str:
    return samples.write_report(folder, samples.predictions(), draw=False, **options)[0]


def test_answer_is_from_the_study_over_seeds(texts: tuple[str, str]) -> None:
    text = opening(texts[0])
    assert "3 seeds, the mean test accuracy is 70.00% (BiLSTM), 71.00% (BiGRU)" in text
    assert "no difference is shown (BiLSTM minus BiGRU: −1.00 points, 95% interval over se" in text
    assert "is more accurate than every network with 3 of 3 seeds" in text
    assert "| BiLSTM minus BiGRU | accuracy in points | −1.00 (" in text
    assert "The study does not contain the run below" in text


def test_better_network_is_named_with_its_seeds(tmp_path: Path) -> None:
    text = opening(write(tmp_path, studies=[samples.study(seeds=30)]))
    assert "the BiGRU is more accurate, by 14.50 points on average (95% interval over seeds" in text
    assert "and with 29 of 30 seeds" in text
    text = opening(write(tmp_path, studies=[samples.study(gain=-0.01, seeds=30)]))
    assert "the BiLSTM is more accurate, by 14.50 points" in text
    assert "and with 29 of 30 seeds" in text


def test_difference_is_compared_with_the_region_of_equivalence(tmp_path: Path) -> None:
    for gain, result in ((0.01, "larger"), (0.0001, "smaller"), (0.0004, "not shown to be larger")):
        text = opening(write(tmp_path, studies=[samples.study(gain=gain, seeds=30)]))
        assert f"difference in accuracy is {result} than 0.5 points" in text


def test_small_differences_explain_the_order_of_the_networks(tmp_path: Path) -> None:
    noisy = samples.study(seeds=4)
    noisy.runs["bigru.accuracy"] = noisy.runs["bilstm.accuracy"] + [-0.01, 0.01, -0.01, 0.02]
    assert "order of the networks differs" in write(tmp_path, studies=[noisy])
    noisy.runs["bigru.accuracy"] = noisy.runs["bilstm.accuracy"] + [0.01, 0.01, 0.01, 0.02]
    assert "order of the networks differs" not in write(tmp_path, studies=[noisy])


@pytest.mark.parametrize(
    "studies",
    [
        [],
        [samples.study(seeds=1)],
        [samples.study(networks=("bilstm",))],
        [samples.study(varied={"bigru.units": [64, 79]})],
    ],
)
def test_single_run_has_no_verdict(tmp_path: Path, studies: list[object]) -> None:
    columns = samples.predictions()
    columns["bigru"] = columns["label"].astype(np.float32)
    markdown, _ = samples.write_report(tmp_path, columns, studies=studies, draw=False)
    assert "a single run cannot show which network is better" in opening(markdown)
    assert "is more accurate than 1 of the 2 networks (95% intervals" in opening(markdown)
    assert not re.search(r"the (BiLSTM|BiGRU) is (better|more accurate)", markdown)
    assert "The linear model wins" not in markdown


def test_other_studies_have_a_row_per_combination(texts: tuple[str, str]) -> None:
    text = section(texts[0], "Other studies")
    assert "| sizes: bigru.units 64 | 3 | 70.00 ± 0.00 | 71.00 ± 1.00 | −1.00 (" in text
    assert "| sizes: bigru.units 79 | 3 | 80.00 ± 0.00 | 81.00 ± 1.00 | −1.00 (" in text
    assert text.count(" | seeds |\n") == 2


def test_recipes_are_compared_with_the_baseline(texts: tuple[str, str], tmp_path: Path) -> None:
    text = section(texts[0], "Recipes")
    assert "| pooled | maximum and mean | 80.00 | 81.00 | +10.00 (+10.00 to +10.00) |" in text
    assert "more accurate than the baseline, with every seed: none" in words(text)
    recipes = samples.recipes()
    recipes.runs["baseline.accuracy"] = 0.75
    markdown = write(tmp_path / "better", recipes=recipes)
    assert "with every seed: pooled." in words(markdown)
    assert "Published accuracies" in markdown
    assert "Published accuracies" not in write(tmp_path / "other", recipes=recipes, corpus="mine")
    assert "## Recipes" not in write(tmp_path / "without")


def test_recipe_names_its_base_if_it_is_not_the_one_above(tmp_path: Path) -> None:
    recipes = samples.recipes()
    base = {"name": "third", "base": "plain", "title": "something else", "settings": {}}
    runs = pd.concat([recipes.runs, recipes.runs[3:].assign(recipe="third")])
    about = replace(recipes.about, recipes=[*recipes.about.recipes, base])
    text = section(write(tmp_path, recipes=replace(recipes, about=about, runs=runs)), "Recipes")
    assert "| third | to plain: something else |" in text


def test_scores_are_next_to_the_notebook(texts: tuple[str, str]) -> None:
    markdown, html = texts
    measured = samples.metrics(samples.predictions())
    for model, title in (("bilstm", "BiLSTM"), ("bigru", "BiGRU"), ("baseline", "Baseline")):
        low, high = (f"{100 * end:.2f}" for end in measured[model]["accuracy_interval"])
        cell = f"| {title} | {100 * measured[model]['accuracy']:.2f} ({low} to {high}) |"
        assert cell in section(markdown, "Scores")
    assert "| BiGRU, notebook | 81.74 | – | 1.0629 |" in markdown
    assert '<td style="text-align:right">81.74</td>' in html


def test_models_are_compared_on_the_test_reviews(texts: tuple[str, str]) -> None:
    measured = samples.metrics(samples.predictions())
    for title, compared in {
        "BiLSTM minus BiGRU": measured["pair"],
        "Baseline minus BiLSTM": measured["baseline"]["against"][0],
        "Baseline minus BiGRU": measured["baseline"]["against"][1],
    }.items():
        counts = " | ".join(str(count) for row in compared["contingency"] for count in row)
        row = f"| {title} | {formatting.paired_difference(compared)} | {counts} |"
        assert row in section(texts[0], "Agreement and errors")


def test_unknown_cost_is_a_dash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    costs = samples.costs()
    costs["bigru"] = costs["bigru"] | {"multiply_adds": None}
    monkeypatch.setattr(samples, "costs", lambda: costs)
    text = section(write(tmp_path), "Cost")
    assert "| BiLSTM | 1,234,567 | 98,816 | 9,830,528 |" in text
    assert "| BiGRU | 1,234,567 | 98,816 | – |" in text
    assert "A GRU with 79 units" in text


def test_numbers_come_from_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision, "THRESHOLD", 0.65)
    monkeypatch.setattr(report, "TOLERANCE", 0.35)
    text = words(write(tmp_path))
    assert "probability is above 0.65" in text
    assert "by more than 0.35" in text


def test_fallback_corpus_is_named_first(tmp_path: Path, texts: tuple[str, str]) -> None:
    for text in samples.write_report(
        tmp_path, samples.predictions(), corpus="rotten-tomatoes", draw=False
    ):
        assert text.index("Fallback corpus.") < text.index("In this run")
        assert "Sentiment of Rotten Tomatoes film reviews" in text
        assert "say nothing about imdb" in words(text)
        assert "make repro" in text.partition("In this run")[0]
        assert "notebook | 81" not in text
    for text in texts:
        assert "Fallback" not in text


def test_held_out_reviews_are_named(tmp_path: Path, texts: tuple[str, str]) -> None:
    assert "the loss on the test split is lowest after epoch 2 (BiLSTM), 2 (BiGRU)" in texts[0]
    assert "`dvc exp run -S pad.validation=0.1`" in texts[0]
    settings = samples.SETTINGS | {"pad.validation": 0.1}
    markdown = write(tmp_path, settings=settings, validation=0.1)
    assert "the loss on the held-out reviews is lowest" in markdown
    assert "2,500 are held out for validation" in markdown
    assert "| `pad.validation` | `test` | `0.1` |" in markdown
    assert "dvc exp run -S pad.validation" not in markdown
    measured = samples.metrics(samples.predictions(), validation=0.1)
    for model, title in (("bilstm", "BiLSTM"), ("baseline", "Baseline")):
        scores = measured[model]
        cells = [scores[key] for key in ("ece", "ece_scaled", "loss", "loss_scaled", "temperature")]
        assert f"| {title} | {' | '.join(f'{cell:.4f}' for cell in cells)} |" in markdown


def test_default_settings_are_the_notebooks(tmp_path: Path) -> None:
    values = flatten(read_yaml(PROJECT / "params.yaml"))
    assert {name: values[name] for name in NOTEBOOK_SETTINGS} == NOTEBOOK_SETTINGS
    assert "All settings of the networks are the notebook's" in write(tmp_path, settings=values)


class Page(HTMLParser):
    """The links, ids, figures and words of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.headings: list[str] = []
        self.drawings = 0
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.drawings += tag == "svg"
        for name, value in attributes:
            if name in {"src", "href", "xlink:href"}:
                self.addresses.append(value or "")
            if name == "id":
                self.ids.append(value or "")
                self.headings += [value or ""] if tag == "h2" else []

    def handle_data(self, data: str) -> None:
        self.words += data


def test_page_is_a_single_file(texts: tuple[str, str]) -> None:
    page = Page(texts[1])
    # Links lead to headings and to parts of drawings; the icon is empty.
    assert {address for address in page.addresses if not address.startswith("#")} == {"data:,"}
    assert {address[1:] for address in page.addresses if address != "data:,"} <= set(page.ids)
    assert not re.search(r"url\((?!#)|@import|https?://|<script", texts[1])
    assert len(page.ids) == len(set(page.ids))


def test_contents_link_to_every_section(texts: tuple[str, str]) -> None:
    page = Page(texts[1])
    assert len(page.headings) == 10
    assert page.headings == re.findall(r"^- \[[^\]]*\]\(#([\w-]+)\)$", texts[0], re.MULTILINE)


def test_tables_are_complete_and_figures_have_captions(texts: tuple[str, str]) -> None:
    for table in re.findall(r"(?:^\|.*\n)+", texts[0], re.MULTILINE):
        assert len({row.count("|") for row in table.splitlines()}) == 1
    assert not re.search(r"\bnan\b|None|\n\n\n", texts[0])
    for block, following in pairwise(texts[0].split("\n\n")):
        assert not block.startswith("![") or following.startswith("*")


def test_page_and_markdown_have_the_same_numbers(texts: tuple[str, str]) -> None:
    markdown, html = texts
    page = Page(html)
    assert page.drawings == len(re.findall(r"!\[.*\]\(\.\./.*\.png\)", markdown)) == 6
    numbers = set(re.findall(r"\d[\d.,]*\d", page.words))
    assert set(re.findall(r"\d[\d.,]*\d", re.sub(r"!\[.*\)", "", markdown))) <= numbers


def test_report_is_short(texts: tuple[str, str]) -> None:
    assert len(texts[0].splitlines()) <= 250


def test_corpus_name_is_escaped(tmp_path: Path) -> None:
    name = "<script>alert(1)</script>"
    _, html = samples.write_report(tmp_path, samples.predictions(), corpus=name, draw=False)
    assert "<script" not in html


def test_unlabelled_reviews_are_counted_if_they_are_used(tmp_path: Path) -> None:
    data, _ = samples.content(samples.predictions())
    data["unlabelled"] = {"reviews": 49_359, "left_out": 641}
    report.write(data, defaultdict(str), tmp_path)
    assert "unlabelled reviews, without" not in (tmp_path / "report.md").read_text("utf-8")
    for name, value, learners in (
        ("word_vectors.reviews", "all", "Word vectors"),
        ("train.self_training", True, "All models"),
    ):
        data["settings"] = samples.SETTINGS | {name: value}
        report.write(data, defaultdict(str), tmp_path)
        text = words((tmp_path / "report.md").read_text(encoding="utf-8"))
        assert f"{learners} also learn from 49,359 unlabelled reviews, without 641" in text


def test_data_is_described(tmp_path: Path, texts: tuple[str, str]) -> None:
    columns = samples.predictions()
    data = section(texts[0], "Data and settings")
    median = f"{np.median(columns['words']):,.0f}"
    assert f"| words per review, median | {median} | {median} |" in data
    assert f"**{samples.OVERLAP} of the 25,000 test reviews" in data
    assert "19,996 of the 88,584 words" in data
    assert "positive reviews: `fine`." in data
    assert "held out" not in data
    content, _ = samples.content(columns)
    content["distinctive_words"] = []
    report.write(content, defaultdict(str), tmp_path)
    assert "Words that" not in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_accuracy_without_copies_of_training_reviews(tmp_path: Path) -> None:
    columns = samples.predictions()
    # Only copies of training reviews are classified correctly.
    is_copy = columns["words"] < samples.MEMORIZED
    columns["bigru"] = np.where(is_copy == columns["label"], 9, -9).astype(np.float32)
    markdown, _ = samples.write_report(tmp_path, columns, draw=False)
    assert re.search(r"Without them, .* 0\.00% \(BiGRU\)", words(markdown))


def test_report_has_studies_of_its_corpus_and_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("study")
    sizes = samples.study(folder / "sizes", varied={"bigru.units": [64, 79]})
    tried = samples.study(folder / "tried")
    tried = replace(tried, about=replace(tried.about, chooses=True))
    recipes = replace(samples.recipes(), folder=folder / "recipes")
    for each in (sizes, tried, recipes, samples.study(folder / "seeds")):
        store.write(each, {})
    corpus = samples.study().about.corpus
    matching, found = report_stage.choose_studies(corpus, {"train.seed": 0, "bigru.units": 64})
    # The study over seeds does not have the number of units.
    assert [each.name for each in matching] == ["sizes"]
    assert found is not None
    assert found.name == "recipes"
    matching, _ = report_stage.choose_studies(corpus, {"train.seed": 0})
    assert [each.name for each in matching] == ["seeds", "sizes"]
    assert report_stage.choose_studies(corpus | {"name": "mine"}, {"train.seed": 0}) == ([], None)
