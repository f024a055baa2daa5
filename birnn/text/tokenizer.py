"""Words: how a text is cut into them, and how they are ranked.

The cut is that of Keras's `text_to_word_sequence`, by which the word index of its `imdb.npz` was
made: ASCII letters in lower case, each separator a space, cut at spaces alone.
"""

import re
import string
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from birnn.core.outputs import atomic_file

SEPARATORS = b'!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
_TABLE = bytes.maketrans(
    string.ascii_uppercase.encode() + SEPARATORS,
    string.ascii_lowercase.encode() + b" " * len(SEPARATORS),
)


# The same cut in a text of characters; halves of surrogate pairs have no bytes.
_WORD = re.compile(rf"[^ {re.escape(SEPARATORS.decode())}\ud800-\udfff]+")


def spans(text: str) -> list[tuple[int, int]]:
    """Return where each word that `tokenize` cuts stands in the text: start and end."""
    return [found.span() for found in _WORD.finditer(text)]


def tokenize(texts: Iterable[str]) -> pa.ListArray:
    """Cut each text into its words, a `list<string>` array; a text without words gives a null.

    Half of a surrogate pair, which UTF-8 cannot hold, separates words.
    """
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
    """Return the words from the most to the least frequent; equals in the order of characters."""
    return sorted(counts, key=lambda word: (-counts[word], word))


def write(vocabulary: list[str], file: Path) -> None:
    """Write a word a line, in order of rank."""
    with atomic_file(file) as part:
        # A word can hold any line separator but the newline, so the file is written as bytes.
        part.write_bytes("".join(f"{word}\n" for word in vocabulary).encode())


def read(file: Path) -> list[str]:
    """Read what `write` wrote."""
    return file.read_bytes().decode().split("\n")[:-1]
