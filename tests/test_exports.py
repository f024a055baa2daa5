"""Test that exported models predict 1,000 test reviews as the pipeline did."""

import html
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser

from birnn.evaluation.model_names import ALL_NETWORKS, BASELINE, TITLES
from birnn.networks.log_odds import probability
from birnn.reviews import tokenizer
from birnn.reviews.unicode_words import ENTITY, WORD
from tests.birnn.odd_texts import LANGUAGES
from tests.birnn.use.test_onnx_model import load_example
from tests.projects import BIRNN, check_output

pytestmark = pytest.mark.slow

WORDS_IN_JAVASCRIPT = """([entity, word, text]) => {
    const decode = match => new DOMParser().parseFromString(match, "text/html").body.textContent
    const decoded = text.replace(new RegExp(entity, "gu"), decode)
    return [...decoded.matchAll(new RegExp(word, "gu"))].flatMap(match => match[1] ?? [])
}"""


@pytest.mark.parametrize("model", [ALL_NETWORKS, BASELINE])
@pytest.mark.parametrize("name", ["finished", pytest.param("imdb", marks=pytest.mark.exhaustive)])
def test_onnx_model_agrees_with_evaluate(
    request: pytest.FixtureRequest, tmp_path: Path, name: str, model: str
) -> None:
    project: Path = request.getfixturevalue(name)
    texts = pd.read_parquet(project / "data" / "corpus" / "test.parquet", columns=["id", "text"])
    evaluated = pd.read_parquet(project / "data" / "evaluated" / "predictions.parquet")
    reviews = texts.merge(evaluated, on="id", validate="1:1").sample(1_000, random_state=0)
    check_output(project, *BIRNN, "export", str(tmp_path / "birnn.onnx"), "--model", model)
    predict = load_example(tmp_path)
    parts = np.array_split(reviews["text"], 10)  # the baseline takes 2 MB per text
    predicted = pd.concat(pd.DataFrame(predict(part.tolist())) for part in parts)
    names = {*predicted} & {*TITLES}
    assert names
    for each in names:
        expected = probability(reviews[each].to_numpy())
        assert np.ptp(expected) > 0.1
        assert np.nanmax(np.abs(predicted[each].to_numpy(float) - expected)) <= 1e-5


def test_exported_pattern_finds_the_same_words_in_javascript(browser: Browser) -> None:
    page = browser.new_page()
    for text in LANGUAGES:
        spans = tokenizer.spans(text, "unicode")
        expected = [html.unescape(text[start:end]) for start, end in spans]
        assert page.evaluate(WORDS_IN_JAVASCRIPT, [ENTITY, WORD, text]) == expected
    page.close()
