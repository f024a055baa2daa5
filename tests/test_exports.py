"""Test that a program in JavaScript can use the pattern of words of an exported model."""

import pytest
from playwright.sync_api import Browser

from birnn.reviews.unicode_words import ENTITY, WORD, normalize
from tests.birnn.odd_texts import LANGUAGES

pytestmark = pytest.mark.slow

WORDS_IN_JAVASCRIPT = """([entity, word, text]) => {
    const decode = match => new DOMParser().parseFromString(match, "text/html").body.textContent
    const decoded = text.replace(new RegExp(entity, "gu"), decode)
    return [...decoded.matchAll(new RegExp(word, "gu"))].flatMap(match => match[1] ?? [])
}"""


def test_exported_pattern_finds_the_same_words_in_javascript(browser: Browser) -> None:
    page = browser.new_page()
    for text, words in LANGUAGES.items():
        found = page.evaluate(WORDS_IN_JAVASCRIPT, [ENTITY, WORD, text])
        assert [*map(normalize, found)] == words.split()
    page.close()
