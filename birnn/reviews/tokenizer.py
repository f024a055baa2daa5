"""Split texts into words, and rank the words by frequency.

The tokenizer `keras` splits texts as Keras's `text_to_word_sequence`, which built the word index of
`imdb.npz`: ASCII letters become lowercase, separators become spaces, and texts are split at spaces
only. Here the carriage return is a separator, too, so that texts with CRLF and LF have the same
words. No text of IMDB contains one. The tokenizer `unicode` splits texts in any language.
"""

import re
import string
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from birnn.core.outputs import write_text
from birnn.reviews import unicode_words

Tokenizer = Literal["keras", "unicode"]

SEPARATORS = b'!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n\r'
LOWERCASE = dict(zip(string.ascii_uppercase, string.ascii_lowercase, strict=True))
_TABLE = bytes.maketrans(
    "".join(LOWERCASE).encode() + SEPARATORS,
    "".join(LOWERCASE.values()).encode() + b" " * len(SEPARATORS),
)

# The same words in a str; lone surrogates, which have no UTF-8 bytes, separate words.
_WORD = re.compile(rf"[^ {re.escape(SEPARATORS.decode())}\ud800-\udfff]+")


def spans(text: str, tokenizer: Tokenizer) -> list[tuple[int, int]]:
    """Return the start and end in the text of each word that `tokenize` returns."""
    if tokenizer == "unicode":
        return unicode_words.spans(text)
    return [match.span() for match in _WORD.finditer(text)]


def tokenize(texts: Iterable[str], tokenizer: Tokenizer) -> pa.ListArray:
    """Split each text into words, as a `list<string>` array; a text without words gives a null.

    Lone surrogates, which UTF-8 cannot encode, separate words.
    """
    if tokenizer == "unicode":
        return unicode_words.tokenize(texts)
    spaced = pa.array(
        (text.encode(errors="replace").translate(_TABLE) for text in texts), pa.string()
    )
    single = pc.utf8_trim(pc.replace_substring_regex(spaced, "  +", " "), " ")
    return pc.split_pattern(pc.if_else(pc.equal(single, ""), None, single), " ")


def count(tokens: pa.ListArray) -> Counter[str]:
    """Count each word over all reviews."""
    counts = pc.value_counts(tokens.flatten())
    words, numbers = counts.field("values").to_pylist(), counts.field("counts").to_pylist()
    return Counter(dict(zip(words, numbers, strict=True)))


def rank(counts: Counter[str]) -> list[str]:
    """Return the words from the most to the least frequent, ties in order of code points."""
    return sorted(counts, key=lambda word: (-counts[word], word))


def write(vocabulary: list[str], file: Path) -> None:
    """Write one word per line, in order of rank."""
    write_text(file, "".join(f"{word}\n" for word in vocabulary))


def read(file: Path) -> list[str]:
    """Read a vocabulary written by `write`."""
    return file.read_bytes().decode().split("\n")[:-1]
