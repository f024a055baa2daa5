"""Test which format is detected in files as people have them, and that they can be read with it."""

from pathlib import Path

import pytest

from birnn.sources import tabular
from birnn_apps import file_formats

ENGLISH = ["Dull, and long.", "Fine; really.", "A | b", '"Quoted."']
FRENCH = ["Très mauvais café; à éviter.", "Déjà vu, hélas."]
RUSSIAN = ["Скучно.", "Отлично, советую!", "Очень плохо.", "Хорошо."]
CHINESE = ["这部电影真的很好看"] * 50_000  # byte 1,000,000 is inside a character
LATE = ["Fine."] * 200_000 + FRENCH


def write(file: Path, texts: list[str], delimiter: str, encoding: str) -> None:
    quoted = ('"{}"'.format(text.replace('"', '""')) for text in texts)
    lines = [f"text{delimiter}label", *(f"{text}{delimiter}1" for text in quoted)]
    file.write_bytes("\r\n".join(lines).encode(encoding))


@pytest.mark.parametrize(
    ("texts", "delimiter", "encoding"),
    [
        *((ENGLISH, delimiter, "utf-8") for delimiter in ",;\t|"),
        *[(FRENCH, ",", "utf-8"), (FRENCH, ";", "cp1252"), (ENGLISH, "\t", "utf-16")],
        *[(RUSSIAN, ",", "cp1251"), (CHINESE, ",", "gb18030"), (LATE, ",", "cp1252")],
    ],
)
def test_format_is_detected(
    tmp_path: Path, texts: list[str], delimiter: str, encoding: str
) -> None:
    for name, default in (("a.csv", ","), ("a.tsv", "\t")):
        write(tmp_path / name, texts, delimiter, encoding)
        form = file_formats.detect(tmp_path / name, ["text"], file_formats.DEFAULT)
        detected = None if delimiter == default else delimiter
        assert (form.delimiter, form.encoding, form.quoting) == (detected, encoding, "minimal")
        rows = tabular.read(tmp_path / name, ["text"], form)
        assert [row["text"] for _, row in rows] == texts


def test_given_settings_stay_and_damage_is_left_to_the_reader(tmp_path: Path) -> None:
    file, default = tmp_path / "a.csv", file_formats.DEFAULT
    write(file, FRENCH, ";", "cp1252")
    assert file_formats.detect(file, ["text"], default, ("encoding", "delimiter")) == default
    (tmp_path / "a.csv.gz").write_bytes(file.read_bytes())
    assert file_formats.detect(tmp_path / "a.csv.gz", ["text"], default) == default
    file.write_bytes(b"text\n" + "é".encode() * 9 + b"\xff")
    assert file_formats.detect(file, ["text"], default) == default
