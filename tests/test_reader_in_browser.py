"""Test the exported page that classifies reviews in Chromium, without a network."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from birnn.cli import reader_page
from birnn.core.settings import Pooling, Side
from birnn.evaluation.model_names import ALL_NETWORKS, TITLES
from birnn.inference.predictor import Predictor
from birnn.networks.decision import probability
from birnn.networks.network import predict
from birnn.text import tokenizer
from birnn.text.encoding import PADDING
from tests.birnn.odd_texts import TEXTS, UNICODE
from tests.birnn.predictors import LAYOUTS, LONG, small_baseline, small_predictor
from tests.browser import PAPER, SCHEMES, WIDTHS, opened
from tests.tiers import sampled

pytestmark = pytest.mark.slow

keras_predictor = partial(small_predictor, seed=2)
unicode_predictor = partial(small_predictor, 40, **UNICODE)
REVIEWS = ["A good film.", "bad", LONG, "日本語\u00a0film", "\x00 good"]

WORDS_AND_IDS = """json => {
    const { words, ids } = encode(JSON.parse(json));
    return [words.map(match => match[0]), pad(ids)];
}"""
LOG_ODDS = "text => model.models.map(each => logOdds(each, encode(text)))"
EFFECTS = """text => {
    const encoded = encode(text);
    return model.models.map(each => [...occlude(each, encoded, logOdds(each, encoded))]);
}"""

Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Return a function that opens the page of a predictor."""
    with ExitStack() as pages:

        def open_page(predictor: Predictor, width: int = 1280, scheme: Any = "light") -> Page:
            file = tmp_path / "reader.html"
            reader_page.write(predictor, file)
            options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
            return pages.enter_context(opened(browser, file.as_uri(), offline=True, **options))

        yield open_page


def submit(page: Page, text: str) -> str:
    """Submit a text, wait for the effects of its words, and return the summary."""
    page.evaluate("delete find('#models').dataset.done")
    page.get_by_role("textbox").fill(text)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    summary = page.get_by_role("status").inner_text()
    if "Nothing to" not in summary:
        page.wait_for_selector("#models[data-done]")
    return summary


@pytest.mark.parametrize(("padding", "truncating", "pooling"), sampled(LAYOUTS, *LAYOUTS[:2]))
def test_page_computes_what_the_project_computes(
    open_page: Open, padding: Side, truncating: Side, pooling: Pooling
) -> None:
    predictor = small_predictor(8, padding, truncating, pooling=pooling)
    page = open_page(predictor)
    computed = np.array([page.evaluate(LOG_ODDS, review) for review in REVIEWS])
    predicted = predictor.predict(REVIEWS).by_model
    for log_odds, expected in zip(computed.T, predicted.values(), strict=True):
        assert np.ptp(probability(expected)) > 0.1
        assert np.abs(probability(log_odds) - probability(expected)).max() <= 0.01


@pytest.mark.parametrize("create", [keras_predictor, unicode_predictor])
def test_any_text_is_encoded_the_same(open_page: Open, create: Callable[[], Predictor]) -> None:
    predictor = create()
    page = open_page(predictor)
    (network, *_) = predictor.models.values()

    @settings(max_examples=50)
    @given(st.lists(TEXTS | st.just("\udfff"), max_size=3).map("".join))
    def check(text: str) -> None:
        words, ids = page.evaluate(WORDS_AND_IDS, json.dumps(text))
        spans = tokenizer.spans(text, predictor.tokenizer)
        assert words == [text[start:end] for start, end in spans]
        assert ids == network.encode(predictor.tokenize([text]))[0].tolist()

    check()


@pytest.mark.parametrize("truncating", get_args(Side))
def test_effect_of_a_word_is_the_change_when_it_is_hidden(
    open_page: Open, truncating: Side
) -> None:
    predictor = small_predictor(8, "pre", truncating)
    effects = open_page(predictor).evaluate(EFFECTS, LONG)
    words = len(tokenizer.spans(LONG, "keras"))
    read = range(words)[-8:] if truncating == "pre" else range(7)
    for model, each in zip(predictor.models.values(), effects, strict=True):
        (sequence,) = model.encode(predictor.tokenize([LONG]))
        hidden = np.where(np.eye(8, dtype=bool), PADDING, sequence)[8 - len(read) :]
        full, without = (predict(model.network, ids) for ids in (sequence[None], hidden))
        assert [index for index, _ in each] == list(read)
        expected = full - without
        assert np.ptp(expected) > 0.1
        assert [effect for _, effect in each] == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(
    ("create", "threshold"),
    [(keras_predictor, 0.5), (keras_predictor, 0.97), (small_baseline, 0.5), (small_baseline, 0.8)],
)
def test_verdicts(open_page: Open, create: Callable[[], Predictor], threshold: float) -> None:
    predictor = create()
    temperatures = dict.fromkeys([ALL_NETWORKS, *predictor.models], 1.5)
    predictor = replace(predictor, threshold=threshold, temperatures=temperatures)
    page = open_page(predictor)
    for text in ("A good film.", "bad", LONG):
        summary = submit(page, text)
        predicted = predictor.predict([text])
        headings = page.get_by_role("heading", level=2).all_inner_texts()
        titles = [heading.partition(":")[0] for heading in headings]
        assert titles == [TITLES[name] for name in predictor.models]
        for verdict, log_odds in zip(
            [summary, *(heading.partition(": ")[2] for heading in headings)],
            [predicted.log_odds, *predicted.by_model.values()],
            strict=True,
        ):
            assert verdict.startswith(predictor.classify(log_odds[0]))
            shown = float(re.search(r"([\d.]+)%", verdict)[1])
            assert shown == pytest.approx(100 * probability(log_odds)[0], abs=1)
        # A text is never read as HTML.
        assert set(page.locator(".text").all_inner_texts()) == {text}


def test_words_are_highlighted_by_class_and_faint_if_not_read(open_page: Open) -> None:
    page = open_page(keras_predictor())
    submit(page, LONG)
    classes = (
        page.locator(".text")
        .first.locator("span")
        .evaluate_all("spans => spans.map(span => span.className)")
    )
    unread = len(tokenizer.spans(LONG, "keras")) - 8
    assert classes[:unread] == ["unread"] * unread
    highlighted = set(classes[unread:]) - {""}
    assert highlighted
    assert highlighted <= {"positive", "negative"}
    assert page.get_by_text("ignored: ").is_visible()
    for text in ("A good film.", 8 * "good "):
        submit(page, text)
        assert page.get_by_text("ignored: ").is_hidden()


def test_nothing_to_go_on_gets_no_label(open_page: Open) -> None:
    page = open_page(keras_predictor())
    for text in ("", "  \n", "?!", "zxqv zxqv", "good " + 9 * "zxqv "):
        submit(page, "A good film.")
        summary = submit(page, text)
        assert "Nothing to" in summary
        assert "thumbs" not in summary
        assert page.get_by_role("heading", level=2).count() == 0
        assert page.get_by_text("pushes toward").first.is_hidden()


def test_new_text_replaces_one_that_is_being_explained(open_page: Open) -> None:
    page = open_page(small_predictor(1_000, pooling="max_mean"))
    page.evaluate("text => { classify(text); }", 400 * "good bad film ")
    summary = submit(page, "bad")
    assert set(page.locator(".text").all_inner_texts()) == {"bad"}
    assert page.get_by_role("status").inner_text() == summary


@pytest.mark.parametrize(("width", "scheme"), list(zip(WIDTHS, SCHEMES, strict=True)))
def test_page_fits_the_screen_and_the_color_scheme(
    open_page: Open, width: int, scheme: str
) -> None:
    page = open_page(keras_predictor(), width, scheme)
    submit(page, 9 * "good" + LONG + 90 * "x")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    color = page.evaluate("getComputedStyle(document.body).backgroundColor")
    low, high = PAPER[scheme]
    assert all(low <= int(part) <= high for part in color[4:-1].split(","))
    button = page.get_by_role("button").bounding_box()
    assert button["height"] >= 40
