"""The report: what stands in it, of which corpus, and that it needs nothing else."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tests.birnn import samples


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Return the report as Markdown and as a page."""
    return samples.write_report(tmp_path_factory.mktemp("report"), samples.predictions())


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_answer_comes_first_and_is_the_verdict(texts: tuple[str, str]) -> None:
    markdown, _ = texts
    opening = words(markdown.partition("## ")[0])
    assert "What are the differences between a bidirectional LSTM" in opening
    assert "**The answer of this run, seed 0: no difference is shown.**" in opening
    assert re.search(
        r"is [+−]\d+\.\d\d points, with a 95 % interval from −.* which holds 0", opening
    )
    assert "**The linear baseline beats both networks.**" in opening
    assert "No study over seeds is of these settings" in opening


def test_a_better_network_and_a_baseline_that_beats_none_are_said(tmp_path: Path) -> None:
    columns = samples.predictions()
    columns["bigru"] = columns["label"].astype(np.float32)
    columns["baseline"] = np.zeros_like(columns["bigru"])
    markdown, _ = samples.write_report(tmp_path, columns)
    assert "**The answer of this run, seed 0: the BiGRU is better.**" in markdown
    assert "which does not hold 0" in words(markdown)
    assert "**The linear baseline beats neither network.**" in markdown


def test_the_table_stands_beside_the_notebooks_numbers(texts: tuple[str, str]) -> None:
    markdown, html = texts
    measured = samples.metrics(samples.predictions())
    accuracies = [f"{measured[model]['accuracy']:.4f}" for model in ("bilstm", "bigru", "baseline")]
    assert f"| Accuracy | {' | '.join(accuracies)} | 0.8181 | 0.8174 |" in markdown
    assert '<td style="text-align:right">0.8174</td>' in html


def test_costs_are_medians_with_their_spread(texts: tuple[str, str]) -> None:
    markdown, _ = texts
    assert "| Multiply-adds a review | 9,830,528 | 9,830,528 | 150 |" in markdown
    assert "| Seconds an epoch | 22.0 (20.0 to 30.0) | 22.0 (20.0 to 30.0) | – |" in markdown
    assert "| Reviews a second, predicting | 1,000 (950 to 1,100) |" in markdown
    assert "| Training | 1 min 12 s | 1 min 12 s | 14 s |" in markdown
    assert "| Epochs to the least validation loss | 2 | 2 | – |" in markdown
    assert "cores, no GPU" in markdown


def test_the_matched_comparison_is_offered_until_it_is_run(tmp_path: Path) -> None:
    markdown, _ = samples.write_report(tmp_path / "a", samples.predictions())
    assert "`dvc exp run -S network.gru_units=79`" in markdown
    matched = samples.SETTINGS | {"network.gru_units": 79}
    markdown, _ = samples.write_report(tmp_path / "b", samples.predictions(), matched)
    assert "this is the matched comparison" in markdown
    assert "dvc exp run" not in markdown


def test_a_stand_in_is_named_and_not_compared_with_the_notebook(
    tmp_path: Path, texts: tuple[str, str]
) -> None:
    for text in samples.write_report(tmp_path, samples.predictions(), corpus="rotten-tomatoes"):
        assert "Stand-in corpus." in text
        assert "says nothing of imdb" in words(text)
        assert "0.8181" not in text
        assert re.search("The notebook(&#39;|')s results are of IMDB", text)
    for text in texts:
        assert "Stand-in" not in text


def test_it_says_what_validation_is(tmp_path: Path, texts: tuple[str, str]) -> None:
    assert "nothing is chosen by it" in texts[0]
    markdown, _ = samples.write_report(tmp_path, samples.predictions(), validation=0.1)
    assert "a hold-out of 0.1 of the training reviews" in markdown


class Page(HTMLParser):
    """What a page links to, its words, and its figures."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
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

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_page_needs_no_other_file(texts: tuple[str, str]) -> None:
    page = Page(texts[1])
    # Parts of a drawing refer to each other; the icon is empty.
    assert {address for address in page.addresses if not address.startswith("#")} == {"data:,"}
    assert {address[1:] for address in page.addresses if address != "data:,"} <= set(page.ids)
    assert not re.search(r"url\((?!#)|@import|https?://|<script", texts[1])
    assert len(page.ids) == len(set(page.ids))


def test_the_page_says_what_the_markdown_says(texts: tuple[str, str]) -> None:
    markdown, html = texts
    page = Page(html)
    assert page.drawings == len(re.findall(r"!\[.*\]\(\.\./plots/.*\.png\)", markdown)) == 11
    said = set(re.findall(r"\d[\d.,]*\d", page.words))
    assert set(re.findall(r"\d[\d.,]*\d", re.sub(r"!\[.*\)", "", markdown))) <= said


def test_what_a_corpus_is_called_is_text_and_not_html(tmp_path: Path) -> None:
    name = "<script>alert(1)</script>"
    _, html = samples.write_report(tmp_path, samples.predictions(), corpus=name)
    assert "<script" not in html
