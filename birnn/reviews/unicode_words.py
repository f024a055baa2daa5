"""Find the words of texts in any language.

A word is a run of letters, digits and marks. As in Unicode's standard annex 29, an apostrophe
between letters belongs to the word, straight or curly: "don't" is one word. HTML tags, punctuation
and white space separate words. A character of a script that is written without spaces is a word,
and so is a symbol such as an emoji or a star. Words are normalized to NFC and lowercase, with
straight apostrophes.

HTML entities are decoded first, so "don&#039;t" is the word "don't". Spans are places in the
original text.
"""

import html
import re
import unicodedata
from collections.abc import Iterable
from itertools import accumulate

import pyarrow as pa
import pyarrow.compute as pc

# Only with a semicolon, so that addresses such as "?a=1&copy=2" keep their words. Longer numbers
# are no characters.
ENTITY = "&(?:#[0-9]{1,9}|#[xX][0-9a-fA-F]{1,9}|[a-zA-Z][a-zA-Z0-9]*);"

APOSTROPHES = "\u2018\u2019\u02bc\uff07"  # next to the straight one

_SCRIPTS = "".join(
    rf"\p{{Script={name}}}"
    for name in ("Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar")
)
_UNSPACED = f"{_SCRIPTS}\u30fc\uff70"  # Japanese long vowels belong to no single script
# A base with its marks, some of which are letters, and consonants stacked on it: about the
# grapheme clusters, but the same in all versions of Unicode.
_STACKED = "[\u1039\u17d2][\u1000-\u1021\u1780-\u17b3]"
_CHARACTER = f"[{_UNSPACED}](?:{_STACKED}|[\\p{{M}}\u0e33\u0eb3\uff9e\uff9f\u200c\u200d])*"
_LETTER = rf"[^\P{{L}}{_UNSPACED}]|[^\P{{N}}{_UNSPACED}]"
_RUN = f"(?:{_LETTER})(?:['{APOSTROPHES}]?(?:{_LETTER})|[\\p{{M}}\u00ad\u200c\u200d])*"
_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
_MODIFIERS = "\\p{M}\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
_SYMBOL = f"{_FLAG}|\\p{{So}}(?:[{_MODIFIERS}]|\u200d\\p{{S}})*"
_TAG = r"</?[a-zA-Z][a-zA-Z0-9]*(?:[ \t\r\n][^<>=]*=[^<>]*|[ \t\r\n]*/?)>"

# The first group of a match is a word. Matches without it separate words. Programs that use an ONNX
# export run this in Python (package regex) or JavaScript (flag u).
WORD = rf"{_TAG}|[\p{{P}}\p{{M}}\p{{Sc}}]|({_RUN}|{_CHARACTER}|{_SYMBOL})"

# For RE2, in which scripts have another syntax, and in which groups are slow: the first pattern
# puts each match on its own line, the second removes the lines that are not words.
MATCH, MATCH_LINE = WORD.replace("Script=", ""), "\n\\0\n"
NO_WORD = r"(?m)^(?:[^\p{L}\p{N}\p{So}\n].*)?(?:\n|\z)"

REPLACE = dict.fromkeys(APOSTROPHES, "'")  # in words, after NFC and lowercase
_STRAIGHT = str.maketrans(REPLACE)


def normalize(word: str) -> str:
    """Return a word, or words in separate lines, as the vocabulary contains it."""
    return unicodedata.normalize("NFC", word).lower().translate(_STRAIGHT)


def spans(text: str) -> list[tuple[int, int]]:
    """Return the start and end in the text of each word."""
    lines = _lines([_decode(text)])[0].as_py().split("\n")
    no_words = pc.match_substring_regex(pa.array(lines, pa.string()), NO_WORD).to_pylist()
    ends = accumulate(map(len, lines))
    rows = zip(lines, ends, no_words, strict=True)
    words = [(end - len(line), end - 1) for line, end, no_word in rows if not no_word]
    places = _places(text)
    return [(places[first][0], places[last][1]) for first, last in words]


def tokenize(texts: Iterable[str]) -> pa.ListArray:
    """Split each text into words, as a `list<string>` array; a text without words gives a null."""
    words = pc.replace_substring_regex(_lines(map(_decode, texts)), NO_WORD, "").to_pylist()
    normalized = pa.array(
        (normalize(text).removesuffix("\n") or None for text in words), pa.string()
    )
    return pc.split_pattern(normalized, "\n")


def share_unspaced(texts: pa.StringArray) -> float:
    """Return the share of characters whose script is written without spaces."""
    unspaced = pc.count_substring_regex(texts, f"[{_UNSPACED}]".replace("Script=", ""))
    share: float = pc.sum(unspaced).as_py() / pc.sum(pc.utf8_length(texts)).as_py()
    return share


def _lines(texts: Iterable[str]) -> pa.StringArray:
    """Break each text into lines: words, what separates them, and empty lines."""
    encodable = (text.encode(errors="replace").replace(b"\n", b" ") for text in texts)
    return pc.replace_substring_regex(pa.array(encodable, pa.string()), MATCH, MATCH_LINE)


def _decode(text: str) -> str:
    """Replace the HTML entities of a text by their characters, as browsers do."""
    return re.sub(ENTITY, lambda entity: html.unescape(entity[0]), text)


def _places(text: str) -> list[tuple[int, int]]:
    """Return the start and end in the text of each character of the decoded text."""
    places: list[tuple[int, int]] = []
    end = 0
    for piece in re.split(f"({ENTITY})", text):
        decoded, start, end = _decode(piece), end, end + len(piece)
        if decoded == piece:
            places += [(place, place + 1) for place in range(start, end)]
        else:
            places += [(start, end)] * len(decoded)
    return places
