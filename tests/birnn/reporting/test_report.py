"""Test the content of the report, and that its page is a single file."""

import re
from collections import defaultdict
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from birnn.evaluation.metrics import confusion_counts
from birnn.networks import decision
from birnn.reporting import formatting, report
from birnn.reporting.conclusions import MEASURES
from birnn.reporting.study import Study
from tests.birnn import samples


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Return the report as Markdown and as HTML."""
    return samples.write_report(tmp_path_factory.mktemp("report"), samples.predictions())


def words(text: str) -> str:
    return " ".join(text.split())


def study(name: str, varied: tuple[str, ...] = (), seeds: int = 3) -> Study:
    """Return a study in which the BiGRU is better on average, but not with seed 0."""
    settings = [{"bigru.units": units} for units in ((64, 79) if varied else (64,))]
    runs = [
        values
        | {f"bilstm.{measure}": 0.8 for measure in MEASURES}
        | {f"bigru.{measure}": 0.79 if seed == 0 else 0.82 for measure in MEASURES}
        for values in settings
        for seed in range(seeds)
    ]
    summary = [
        values
        | {"model": model, "measure": measure, "seeds": seeds, "mean": mean}
        | {"deviation": 0.002, "low": mean - 0.0023, "high": mean + 0.0023}
        for values in settings
        for measure in MEASURES
        for model, mean in (("bilstm", 0.8), ("bigru", 0.81), ("bilstm_minus_bigru", -0.01))
    ]
    tables = pd.DataFrame(runs), pd.DataFrame(summary)
    compared = () if varied or seeds == 1 else (samples.comparison(), samples.epochs())
    corpus = samples.metrics(samples.predictions())["corpus"]
    return Study(name, corpus, list(varied), {}, *tables, *compared)


def test_opening_gives_accuracies_and_differences(texts: tuple[str, str]) -> None:
    opening = texts[0].partition("\n- [")[0]
    assert opening.startswith("# BiLSTM or BiGRU? Sentiment of IMDB film reviews")
    measured = samples.metrics(samples.predictions())
    for model in ("bilstm", "bigru", "baseline"):
        assert formatting.percent(measured[model]["accuracy"]) in opening
    for title, compared in {
        "BiLSTM minus BiGRU": measured["pair"],
        "Baseline minus BiLSTM": measured["baseline"]["against"][0],
        "Baseline minus BiGRU": measured["baseline"]["against"][1],
    }.items():
        assert f"| {title} | {formatting.paired_difference(compared)} |" in opening
    assert "No study over seeds" in opening


def test_single_run_has_no_verdict(tmp_path: Path) -> None:
    columns = samples.predictions()
    columns["bigru"] = columns["label"].astype(np.float32)
    for text in samples.write_report(tmp_path, columns, draw=False):
        assert not re.search(r"(BiLSTM|BiGRU|baseline) (is better|beats|has the higher)", text)


def test_study_over_seeds_comes_first(tmp_path: Path) -> None:
    studies = [
        study("seed", seeds=1),
        study("seeds"),
        study("sizes", ("bigru.units",)),
    ]
    markdown, html = samples.write_report(tmp_path, samples.predictions(), studies=studies)
    opening = words(markdown.partition("\n- [")[0])
    assert "the BiGRU is better in accuracy (by 1.00 points), average" in opening
    assert "no difference is shown in loss.**" in opening
    assert "| accuracy | 80.00 | 81.00 | −1.00 (−1.40 to −0.60) |" in opening
    figures = re.findall(r"^!\[.*\]\((.*)\)$", markdown, re.MULTILINE)
    assert figures[:3] == [
        "../study/seeds/seeds.png",
        "../study/seeds/epochs.png",
        "../plots/intervals.png",
    ]
    assert figures.count("../study/seeds/seeds.png") == 1
    assert "| 79 | 3 | 80.00 ± 0.20 | 81.00 ± 0.20 | −1.00 (−1.23 to −0.77) |" in markdown
    assert html.count("<svg") == 16


def test_scores_are_next_to_the_notebook(texts: tuple[str, str]) -> None:
    markdown, html = texts
    measured = samples.metrics(samples.predictions())
    scores = [measured[model] for model in ("bilstm", "bigru", "baseline")]
    cells = [
        f"{score['accuracy']:.4f} ({low:.4f} to {high:.4f})"
        for score in scores
        for low, high in [score["accuracy_interval"]]
    ]
    rows = f"| Accuracy | {' | '.join(cells)} |\n| Accuracy, notebook | 0.8181 | 0.8174 | – |"
    assert rows in markdown
    assert '<td style="text-align:right">0.8174</td>' in html


def test_confusion_counts(texts: tuple[str, str]) -> None:
    columns = samples.predictions()
    counts = [
        [row["reviews"] for row in confusion_counts(columns["label"], columns[model])]
        for model in ("bilstm", "bigru", "baseline")
    ]
    rows = [" | ".join(map(str, row)) for row in zip(*counts, strict=True)]
    titles = ("true negatives", "false positives", "false negatives", "true positives")
    for title, row in zip(titles, rows, strict=True):
        assert f"| {title} | {row} |" in texts[0]


def test_costs_are_counted(texts: tuple[str, str]) -> None:
    markdown, _ = texts
    assert "| Multiply-adds per review | 9,830,528 | 9,830,528 | 150 |" in markdown
    assert "lowest after epoch 2 (BiLSTM) and epoch 2 (BiGRU) of 3" in markdown


def test_captions_describe_what_is_drawn(tmp_path: Path) -> None:
    columns = samples.predictions()
    settings = samples.SETTINGS | {"pad.maxlen": 2_000}
    text = words(samples.write_report(tmp_path, columns, settings, draw=False)[0])
    # All reviews are shorter, so the figures mark no length.
    assert columns["words"].max() < 1_999
    assert "dotted line" not in text
    assert text.count("truncate reviews of more than 1,999 words") == 2


def test_unknown_cost_is_not_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    costs = samples.costs()
    costs["bigru"] = costs["bigru"] | {"multiply_adds": None}
    monkeypatch.setattr(samples, "costs", lambda: costs)
    markdown, _ = samples.write_report(tmp_path, samples.predictions(), draw=False)
    assert "| Multiply-adds per review | 9,830,528 | – | 150 |" in markdown
    assert "times as many multiply-adds" not in markdown


def test_numbers_come_from_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"BINS": 17, "LENGTHS": 18, "TOLERANCE": 0.35, "SAMPLE_SIZE": 4_321}
    monkeypatch.setattr(decision, "THRESHOLD", 0.65)
    for name, value in values.items():
        monkeypatch.setattr(report, name, value)
    text = words(samples.write_report(tmp_path, samples.predictions(), draw=False)[0])
    assert "probability is above 0.65" in text
    assert "17 equally wide bins" in text
    assert "up to 18 of about equal size" in text
    assert "by more than 0.35" in text
    assert "up to 4,321 test reviews" in text


def test_equal_size_is_suggested_until_it_is_run(tmp_path: Path) -> None:
    markdown, _ = samples.write_report(tmp_path / "a", samples.predictions(), draw=False)
    assert "`birnn sweep -S bigru.units=79 -S train.seed=0..9`" in markdown
    matched = samples.SETTINGS | {"bigru.units": 79}
    markdown, _ = samples.write_report(tmp_path / "b", samples.predictions(), matched, draw=False)
    assert "of this run are of equal size" in markdown
    assert "-S bigru.units" not in markdown


def test_fallback_corpus_is_named(tmp_path: Path, texts: tuple[str, str]) -> None:
    for text in samples.write_report(
        tmp_path, samples.predictions(), corpus="rotten-tomatoes", draw=False
    ):
        assert text.index("Fallback corpus.") < text.index("In this run")
        assert "Sentiment of Rotten Tomatoes film reviews" in text
        assert "say nothing about imdb" in words(text)
        assert "make repro" in text.partition("In this run")[0]
        assert "0.8181" not in text
    for text in texts:
        assert "Fallback" not in text


def test_validation_is_described(tmp_path: Path, texts: tuple[str, str]) -> None:
    assert "loss on the test split is lowest" in words(texts[0])
    assert "| Highest accuracy of all epochs, test split | 0.7500 | 0.7500 |" in texts[0]
    assert "test split, notebook" in texts[0]
    markdown, _ = samples.write_report(tmp_path, samples.predictions(), validation=0.1, draw=False)
    assert "a hold-out of 0.1 of the training reviews" in words(markdown)
    assert "| Highest accuracy of all epochs, validation | 0.7500 | 0.7500 |" in markdown
    assert "validation, notebook" not in markdown


def test_calibration_is_scaled_if_reviews_are_held_out(
    tmp_path: Path, texts: tuple[str, str]
) -> None:
    assert "`dvc exp run -S pad.validation=0.1`" in texts[0]
    assert "ECE, scaled" not in texts[0]
    measured = samples.metrics(samples.predictions(), validation=0.1)
    markdown, html = samples.write_report(tmp_path, samples.predictions(), validation=0.1)
    assert "pad.validation=0.1" not in markdown
    for title, key in {"Temperature": "temperature", "ECE, scaled": "ece_scaled"}.items():
        cells = [f"{measured[model][key]:.4f}" for model in ("bilstm", "bigru", "baseline")]
        assert f"| {title} | {' | '.join(cells)} |" in markdown
        assert all(cell in html for cell in cells)
    assert "after temperature scaling" in html.partition("<svg viewBox")[2]


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
    markdown, html = texts
    page = Page(html)
    assert len(page.headings) > 8
    assert page.headings == re.findall(r"^- \[[^\]]*\]\(#([\w-]+)\)$", markdown, re.MULTILINE)
    assert {f"#{heading}" for heading in page.headings} <= set(page.addresses)


def test_every_figure_has_a_caption(texts: tuple[str, str]) -> None:
    blocks = texts[0].split("\n\n")
    for block, following in pairwise(blocks):
        if block.startswith("![") and "/bilstm_" not in block:
            assert following.startswith("*")
            assert following.endswith("*")


def test_page_and_markdown_have_the_same_numbers(texts: tuple[str, str]) -> None:
    markdown, html = texts
    page = Page(html)
    assert page.drawings == len(re.findall(r"!\[.*\]\(\.\./plots/.*\.png\)", markdown)) == 12
    numbers = set(re.findall(r"\d[\d.,]*\d", page.words))
    assert set(re.findall(r"\d[\d.,]*\d", re.sub(r"!\[.*\)", "", markdown))) <= numbers


def test_corpus_name_is_escaped(tmp_path: Path) -> None:
    name = "<script>alert(1)</script>"
    _, html = samples.write_report(tmp_path, samples.predictions(), corpus=name, draw=False)
    assert "<script" not in html


def test_unlabelled_reviews_are_counted_if_they_are_used(
    tmp_path: Path, texts: tuple[str, str]
) -> None:
    assert "unlabelled reviews" not in words(texts[0])
    data, _ = samples.content(samples.predictions())
    data["unlabelled"] = {"reviews": 49_359, "left_out": 641}
    report.write(data, defaultdict(str), tmp_path)
    text = words((tmp_path / "report.md").read_text(encoding="utf-8"))
    assert "Word vectors were also trained on 49,359 unlabelled reviews. 641 others were" in text

    data["settings"] = data["settings"] | {"train.self_training": True}
    report.write(data, defaultdict(str), tmp_path)
    text = words((tmp_path / "report.md").read_text(encoding="utf-8"))
    assert "All models were also trained on 49,359 unlabelled reviews, with labels" in text


def test_data_is_described(tmp_path: Path, texts: tuple[str, str]) -> None:
    columns = samples.predictions()
    data = texts[0].partition("\n## Data\n")[2].partition("\n## ")[0]
    median = f"{np.median(columns['words']):,.0f}"
    assert f"| words per review, median | {median} | {median} |" in data
    assert f"| text is also in a training review |  | {samples.OVERLAP} |" in data
    assert "88,584 different words, of which the vocabulary includes 19,996" in data
    assert "| `fine` | 25.0 | 12.5 |" in data
    assert "held out" not in data
    markdown, _ = samples.write_report(tmp_path, columns, validation=0.1, draw=False)
    assert "2,500 are held out for validation" in markdown


def test_table_of_words_is_omitted_without_distinctive_words(tmp_path: Path) -> None:
    data, _ = samples.content(samples.predictions())
    data["distinctive_words"] = []
    report.write(data, defaultdict(str), tmp_path)
    assert "| word |" not in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_accuracy_without_copies_of_training_reviews(tmp_path: Path) -> None:
    columns = samples.predictions()
    # Only copies of training reviews are classified correctly.
    is_copy = columns["words"] < samples.MEMORIZED
    columns["bigru"] = np.where(is_copy == columns["label"], 9, -9).astype(np.float32)
    markdown, _ = samples.write_report(tmp_path, columns, draw=False)
    assert re.search(r"Without them, .* 0\.00% \(BiGRU\)", words(markdown))
