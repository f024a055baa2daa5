"""Words: cut and ranked as Keras did."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from birnn.text import tokenizer

TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from(" \t\n.'-<>\r\x0b\x85AZ"))


def keras_words(text: str) -> list[str]:
    """Cut a text as Keras's `text_to_word_sequence` does, over bytes."""
    separators = b'!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
    lower = bytes(byte + 32 if 65 <= byte <= 90 else byte for byte in text.encode())
    spaced = bytes(32 if byte in separators else byte for byte in lower)
    return [word.decode() for word in spaced.split(b" ") if word]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("This film's GREAT!<br />No, really.", ["this", "film's", "great", "br", "no", "really"]),
        ("Égoïste\u00a0et\rbon", ["Égoïste\u00a0et\rbon"]),
        ("tab\tand\nnewline", ["tab", "and", "newline"]),
        ("state-of-the-art", ["state", "of", "the", "art"]),
        ("...", None),
        ("", None),
    ],
)
def test_known_texts(text: str, words: list[str] | None) -> None:
    assert tokenizer.tokenize([text]).to_pylist() == [words]


@given(st.lists(TEXT))
def test_any_text_is_cut_as_keras_cuts_it(texts: list[str]) -> None:
    tokens = tokenizer.tokenize(texts).to_pylist()
    assert [words or [] for words in tokens] == [keras_words(text) for text in texts]


@given(st.lists(st.text(st.characters() | st.characters(categories=["Cs"]))))
def test_any_text_at_all_has_words_or_none(texts: list[str]) -> None:
    # Also with halves of surrogate pairs, which no encoding holds.
    assert len(tokenizer.tokenize(texts)) == len(texts)


@given(TEXT | st.text(st.characters() | st.characters(categories=["Cs"])))
def test_words_are_found_where_they_stand(text: str) -> None:
    found = [text[start:end] for start, end in tokenizer.spans(text)]
    cut = tokenizer.tokenize([text]).to_pylist()[0] or []
    lower = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
    assert [word.translate(lower) for word in found] == cut


@given(st.lists(TEXT))
def test_words_are_counted_over_all_texts(texts: list[str]) -> None:
    words = [word for text in texts for word in keras_words(text)]
    assert tokenizer.count(tokenizer.tokenize(texts)) == Counter(words)


def test_equally_frequent_words_are_ranked_in_order_of_characters() -> None:
    assert tokenizer.rank(Counter(b=2, c=3, a=2, é=2)) == ["c", "a", "b", "é"]


@given(st.lists(TEXT))
def test_a_vocabulary_survives_its_file(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    file = tmp_path_factory.mktemp("words") / "vocabulary.txt"
    words = tokenizer.rank(tokenizer.count(tokenizer.tokenize(texts)))
    tokenizer.write(words, file)
    assert tokenizer.read(file) == words


def test_an_empty_vocabulary_survives_its_file(tmp_path: Path) -> None:
    tokenizer.write([], tmp_path / "vocabulary.txt")
    assert tokenizer.read(tmp_path / "vocabulary.txt") == []
