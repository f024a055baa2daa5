"""Odd texts for tests of tokenizers in other languages."""

from hypothesis import strategies as st

from tests.birnn.predictors import WORDS

# White space, characters with a meaning in regular expressions, and letters that have another
# length, or become ASCII, in lowercase.
ODD = ["GOOD", "Naïve", "NAÏVE"]
ODD += list("İẞ\u212a😀\u00a0\u2028\ufeff\x00 \t\n\r\x0b\x0c]\\^-")

# Texts in any language and their words, separated by spaces.
LANGUAGES = {
    "Don't DON\u2019T ‘quoted’ rock'n'roll dogs’ 90's": "don't don't quoted rock'n'roll dogs 90's",
    "“Good”—bad…film\u00a0it\r\nwas\u2028so\tgreat!": "good bad film it was so great",
    'A<br />b<BR>c</p>d<a href="x y">e</a> 1<2 f<g and h>i <3': "a b c d e 1 2 f g and h i 3",
    "10/10, 3.5 ½ ٣٤ snake_case #tag हिन्दी में": "10 10 3 5 ½ ٣٤ snake case tag हिन्दी में",
    "İstanbul STRASSE Straße ΟΔΟΣ ΣΑΣ \u212b": "i̇stanbul strasse straße οδος σας å",
    "Égoïste na\u0308ive co\u00adop می\u200cخواهم": "égoïste näive co\u00adop می\u200cخواهم",
    "이 영화 정말 좋아요! ภาษาน้ำ๑๒๏": "이 영화 정말 좋아요 ภ า ษ า น้ำ ๑ ๒",
    "这部iPhone电影，好看。2024年 人々": "这 部 iphone 电 影 好 看 2024 年 人 々",
    "ラーメンとﾊﾞﾅﾅ・か\u3099": "ラ ー メ ン と ﾊﾞ ﾅ ﾅ が",
    "ພາສາ ខ្មែរ។៛ မန္တလေး": "ພ າ ສ າ ខ្មែ រ မ န္တ လေး",
    "好😀👩\u200d👩\u200d👧👍🏽🇩🇪🇫🇷x★☆": "好 😀 👩\u200d👩\u200d👧 👍🏽 🇩🇪 🇫🇷 x ★ ☆",
    "a\u200bb\u0000c <\u0301 =\u0338 \ufeff❤\ufe0f🙂\u200d↔\ufe0f": "a b c ❤\ufe0f 🙂\u200d↔\ufe0f",
    "Don&#039;t&nbsp;&lt;p&gt;&Eacute;t&eacute;&#x1F600; T&T &yenit;": "don't été 😀 t t it",
    " \n\u3000?!…": "",
}
UNICODE = {"words": (*sorted({*" ".join(LANGUAGES.values()).split()}),), "tokenizer": "unicode"}

ENTITIES = [f"&{name};" for name in ("#39", "#xD800", "#1", "amp", "fjlig", "copyit", "zqxv", "")]
PIECES = st.sampled_from([*WORDS, *ODD, *LANGUAGES, *"".join(LANGUAGES), *ENTITIES])
# Newer characters are not in the tables of all libraries.
ASSIGNED = st.characters(codec="utf-8", exclude_categories=["Cn"])
TEXTS = st.lists(PIECES | st.text(ASSIGNED), max_size=8).map("".join)
