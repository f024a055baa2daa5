"""Odd texts for tests of tokenizers in other languages."""

from hypothesis import strategies as st

from tests.birnn.predictors import WORDS

# White space, characters with a meaning in regular expressions, and letters that have another
# length, or become ASCII, in lowercase.
ODD = ["GOOD", "Naïve", "NAÏVE", "__proto__"]
ODD += list("İẞ\u212a😀\u00a0\u2028\ufeff\x00 \t\n\r\x0b\x0c]\\^-")
PIECES = st.sampled_from([*WORDS, *ODD])
TEXTS = st.lists(PIECES | st.text(st.characters(codec="utf-8")), max_size=8).map("".join)
