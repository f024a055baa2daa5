"""Tests of splitting texts into words and ranking them, as Keras does."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from birnn.text import tokenizer

TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from(" \t\n.'-<>\r\x0b\x85AZ"))


def keras_words(text: str) -> list[str]:
    """Split a text as Keras's `text_to_word_sequence` does, and at carriage returns, over bytes."""
    separators = b'!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n\r'
    lower = bytes(byte + 32 if 65 <= byte <= 90 else byte for byte in text.encode())
    spaced = bytes(32 if byte in separators else byte for byte in lower)
    return [word.decode() for word in spaced.split(b" ") if word]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("This film's GREAT!<br />No, really.", ["this", "film's", "great", "br", "no", "really"]),
        ("Égoïste\u00a0et\x85bon", ["Égoïste\u00a0et\x85bon"]),
        ("one\r\ntwo\rthree", ["one", "two", "three"]),
        ("tab\tand\nnewline", ["tab", "and", "newline"]),
        ("state-of-the-art", ["state", "of", "the", "art"]),
        ("...", None),
        ("", None),
    ],
)
def test_known_texts(text: str, words: list[str] | None) -> None:
    assert tokenizer.tokenize([text]).to_pylist() == [words]


@given(st.lists(TEXT))
def test_words_match_keras(texts: list[str]) -> None:
    tokens = tokenizer.tokenize(texts).to_pylist()
    assert [words or [] for words in tokens] == [keras_words(text) for text in texts]


@given(st.lists(st.text(st.characters() | st.characters(categories=["Cs"]))))
def test_any_text_can_be_tokenized(texts: list[str]) -> None:
    # Lone surrogates, which UTF-8 cannot encode, must not fail.
    assert len(tokenizer.tokenize(texts)) == len(texts)


@given(TEXT | st.text(st.characters() | st.characters(categories=["Cs"])))
def test_spans_match_tokens(text: str) -> None:
    words = [text[start:end] for start, end in tokenizer.spans(text)]
    tokens = tokenizer.tokenize([text]).to_pylist()[0] or []
    lower = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
    assert [word.translate(lower) for word in words] == tokens


@given(st.lists(TEXT))
def test_counts_cover_all_texts(texts: list[str]) -> None:
    words = [word for text in texts for word in keras_words(text)]
    assert tokenizer.count(tokenizer.tokenize(texts)) == Counter(words)


def test_ties_are_ranked_by_code_points() -> None:
    assert tokenizer.rank(Counter(b=2, c=3, a=2, é=2)) == ["c", "a", "b", "é"]


@given(st.lists(TEXT))
def test_vocabulary_round_trip(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    file = tmp_path_factory.mktemp("words") / "vocabulary.txt"
    words = tokenizer.rank(tokenizer.count(tokenizer.tokenize(texts)))
    tokenizer.write(words, file)
    assert tokenizer.read(file) == words


def test_empty_vocabulary_round_trip(tmp_path: Path) -> None:
    tokenizer.write([], tmp_path / "vocabulary.txt")
    assert tokenizer.read(tmp_path / "vocabulary.txt") == []
