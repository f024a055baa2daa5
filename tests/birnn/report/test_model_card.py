"""The model card, and documents with any number of networks and with missing values."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stages import report as report_stage
from tests.birnn import samples
from tests.birnn.report import documents
from tests.birnn.report.documents import Documents, section, words

pytestmark = pytest.mark.usefixtures("two_networks")

LABELS = samples.predictions()["label"]


@pytest.mark.parametrize(
    ("reviews", "columns"),
    [
        (2, {}),
        (400, {"bilstm": 40 * LABELS - np.float32(20), "bigru": 0 * LABELS}),
        (400, {"words": np.zeros(400, np.int32)}),
        (400, {"words": np.full(400, 5_000, np.int32)}),
    ],
    ids=["two reviews", "perfect and constant", "no words", "all truncated"],
)
def test_degenerate_evaluations(reviews: int, columns: dict[str, Any], tmp_path: Path) -> None:
    written = documents.write(tmp_path, samples.predictions(reviews) | columns)
    assert "nan" not in written.page
    for text in (written.report, written.card):
        assert "Always predicting the majority class has an accuracy of 50.00%" in text


def test_scores_of_a_rare_class_are_shown(plain: Documents, tmp_path: Path) -> None:
    rare = documents.write(tmp_path, samples.predictions(every=33), about={"validation": 0.1})
    assert section(rare.report, "Scores").count("positive: precision | recall | average pre") == 2
    for text in (rare.report, rare.card):
        assert "class is rare" in text
    assert "positive: precision" not in plain.report


@pytest.mark.parametrize("count", [1, 3])
def test_any_number_of_networks(count: int, tmp_path: Path) -> None:
    titles = {name: f"<{name}>" for name in ("first", "second", "third")[:count]}
    with documents.registered(titles):
        markdown, _, card = documents.write(tmp_path, about={"validation": 0.1})
    for heading in ("Model details", "Results"):
        rows = section(card, heading)
        assert all(f"\n| {title} |" in rows for title in (*titles.values(), "Baseline"))
    pairs = count * (count - 1) // 2
    opening = markdown.partition("\n## ")[0].partition("\n* [")[0]
    assert section(markdown, "Agreement and errors").count(" minus ") == pairs + count
    assert opening.count(" minus ") == opening.count("may reverse a difference") * pairs == pairs
    assert ("cannot show which network" in card) == (count > 1)
    assert re.search(
        r"chosen on held-out reviews, with a\ntest accuracy of [\d.]+% \([\d.]+% to", card
    )


def test_nothing_is_assumed_about_other_corpora(tmp_path: Path) -> None:
    about: dict[str, Any] = dict.fromkeys(("corpus", "requested"), "<script>.csv")
    about |= {"classes": ("ham", "spam")}
    markdown, page, card = documents.write(tmp_path, about=about)
    assert "<script" not in page
    assert "spam reviews: `fine`." in markdown
    assert "classify a text as spam or ham" in card
    limits = section(card, "Limits")
    assert "texts unlike those in `<script>.csv`" in limits
    assert "English" not in limits
    assert "IMDB" not in card
    fallback = documents.write(tmp_path, about={"corpus": "rotten-tomatoes"})
    assert "rotten (negative) or fresh" in fallback.card
    for text in fallback:
        assert "say nothing about imdb" in words(text.partition("\n## ")[0].partition("<h2")[0])
        assert "notebook | 81" not in text


def test_only_failures_in_most_cases_are_counted(tmp_path: Path) -> None:
    rates = {"bilstm": 0.51, "bigru": 0.5, "baseline": 0.02}
    for capability in ("negation", "vocabulary"):
        table = samples.checklist().assign(capability=capability)
        fails = table["cases"] > 0
        table["failure_rate"] = table["model"].map(rates).where(fails)
        table["failures"] = (60 * table["failure_rate"]).where(fails, 0).round().astype(int)
        card = documents.write(tmp_path, checklist=report_stage.by_test(table)).card
        behavior = words(section(card, "Behavior"))
        failed = f"1 of 1 (BiLSTM), 0 of 1 (BiGRU), 0 of 1 (Baseline), all on {capability}"
        assert f"Failed behavioral tests: {failed}" in behavior
        assert "| MFT: plain praise is positive | 60 | 31 | 30 | 1 |" in behavior
        assert "other first names" not in behavior
        limit = "negation test are misclassified by: BiLSTM."
        assert (limit in card) == (capability == "negation")


def test_settings_are_described(tmp_path: Path, plain: Documents) -> None:
    changed = {
        "pad.maxlen": 1_000,
        "pad.truncating": "post",
        "ngrams.longest": 3,
        "word_vectors.reviews": "all",
        "train.self_training": True,
    }
    markdown, _, card = documents.write(tmp_path, settings=samples.SETTINGS | changed)
    assert "All models also learn from 49,359 unlabelled reviews, without 641" in markdown
    assert "read 1,000 ids per text (`pad.maxlen`), only the start of longer" in card
    assert "n-grams of up to 3 words" in card
    assert "`word_vectors.reviews: all`" in card
    assert "only the end of longer" in plain.card
    truncated = (samples.predictions()["words"] >= 100).sum()
    assert f"400 test reviews, {truncated} are truncated" in words(plain.card)
    assert "| BiGRU | 1,234,567 | `bigru.units: 64` |" in plain.card
    assert not re.search("ratios|predicted|without a label", plain.card)
