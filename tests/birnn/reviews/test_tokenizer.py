"""Tests of splitting texts into words and ranking them."""

import html
import unicodedata
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from birnn.reviews import tokenizer, unicode_words
from birnn.reviews.tokenizer import Tokenizer
from tests.birnn.odd_texts import LANGUAGES, TEXTS

TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from(" \t\n.'-<>\r\x0b\x85AZ"))
LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
NORMALIZE = {
    "keras": lambda word: word.translate(LOWER),
    "unicode": lambda word: unicode_words.normalize(html.unescape(word)),
}


def keras_words(text: str) -> list[str]:
    """Split a text as Keras's `text_to_word_sequence` does, and at carriage returns."""
    separators = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n\r'
    spaced = text.translate(LOWER).translate(dict.fromkeys(map(ord, separators), " "))
    return [word for word in spaced.split(" ") if word]


@pytest.mark.parametrize(("text", "words"), LANGUAGES.items())
def test_words_of_any_language(text: str, words: str) -> None:
    texts = [text, unicodedata.normalize("NFD", text)]
    assert tokenizer.tokenize(texts, "unicode").to_pylist() == 2 * [words.split() or None]


@given(texts=st.lists(TEXT))
@example(texts=["This film's GREAT!<br />No, really.", "Égoïste\u00a0et\x85bon"])
def test_words_match_keras(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    expected = [keras_words(text) for text in texts]
    tokens = tokenizer.tokenize(texts, "keras")
    assert [words or [] for words in tokens.to_pylist()] == expected
    counts = tokenizer.count(tokens)
    assert counts == Counter(word for words in expected for word in words)
    file = tmp_path_factory.getbasetemp() / "vocabulary.txt"
    tokenizer.write(tokenizer.rank(counts), file)
    assert tokenizer.read(file) == tokenizer.rank(counts)


# Lone surrogates, which UTF-8 cannot encode, must not fail.
@pytest.mark.parametrize("name", NORMALIZE)
@given(text=TEXT | TEXTS | st.text(st.characters() | st.characters(categories=["Cs"])))
def test_spans_match_tokens(name: Tokenizer, text: str) -> None:
    tokens = tokenizer.tokenize([text], name).to_pylist()[0] or []
    for token, (start, end) in zip(tokens, tokenizer.spans(text, name), strict=True):
        word = NORMALIZE[name](text[start:end])
        # An entity may decode to more than the word.
        assert token == word or (token in word and "&" in text[start:end])


def test_ties_are_ranked_by_code_points() -> None:
    assert tokenizer.rank(Counter(b=2, c=3, a=2, é=2)) == ["c", "a", "b", "é"]
