"""Tests of splitting texts into words and ranking them, as Keras does."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from birnn.text import tokenizer

TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from(" \t\n.'-<>\r\x0b\x85AZ"))
LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def keras_words(text: str) -> list[str]:
    """Split a text as Keras's `text_to_word_sequence` does, and at carriage returns."""
    separators = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n\r'
    spaced = text.translate(LOWER).translate(dict.fromkeys(map(ord, separators), " "))
    return [word for word in spaced.split(" ") if word]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("This film's GREAT!<br />No, really.", ["this", "film's", "great", "br", "no", "really"]),
        ("Égoïste\u00a0et\x85bon", ["Égoïste\u00a0et\x85bon"]),
        ("one\r\ntwo\rthree\tfour", ["one", "two", "three", "four"]),
        ("...", None),
        ("", None),
    ],
)
def test_known_texts(text: str, words: list[str] | None) -> None:
    assert tokenizer.tokenize([text]).to_pylist() == [words]


@given(texts=st.lists(TEXT))
def test_words_match_keras(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    expected = [keras_words(text) for text in texts]
    tokens = tokenizer.tokenize(texts)
    assert [words or [] for words in tokens.to_pylist()] == expected
    counts = tokenizer.count(tokens)
    assert counts == Counter(word for words in expected for word in words)
    file = tmp_path_factory.getbasetemp() / "vocabulary.txt"
    tokenizer.write(tokenizer.rank(counts), file)
    assert tokenizer.read(file) == tokenizer.rank(counts)


# Lone surrogates, which UTF-8 cannot encode, must not fail.
@given(TEXT | st.text(st.characters() | st.characters(categories=["Cs"])))
def test_spans_match_tokens(text: str) -> None:
    words = [text[start:end].translate(LOWER) for start, end in tokenizer.spans(text)]
    assert words == (tokenizer.tokenize([text]).to_pylist()[0] or [])


def test_ties_are_ranked_by_code_points() -> None:
    assert tokenizer.rank(Counter(b=2, c=3, a=2, é=2)) == ["c", "a", "b", "é"]
