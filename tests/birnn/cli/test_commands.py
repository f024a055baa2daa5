"""Predict and explain, on small networks."""

import io
import re
from pathlib import Path

import pandas as pd
import pytest

from birnn.cli import explain, predict
from birnn.core.errors import InputError
from birnn.evaluation.decision import combine
from birnn.inference import predictor
from birnn.inference.explanation import Explainer
from tests.birnn.predictors import small_predictor

PREDICTOR = small_predictor()
TEXTS = [("first", "A good film."), ("second", "zxqv, bad zxqv [red]!"), ("third", "")]


@pytest.fixture(autouse=True)
def small_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pipeline's networks be small ones."""

    def load(names: tuple[str, ...]) -> object:
        chosen = {name: PREDICTOR.networks[name] for name in names}
        return type(PREDICTOR)(PREDICTOR.encoding, chosen)

    monkeypatch.setattr(predictor, "load_verified", load)
    monkeypatch.setenv("COLUMNS", "80")


def test_a_line_a_text(capsys: pytest.CaptureFixture[str]) -> None:
    predict.run(TEXTS, ["bilstm", "bigru"], None, unknown=True)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[0].endswith("A good film.")
    assert lines[1].endswith("zxqv, bad zxqv [red]!")
    assert lines[2] == "    unknown: zxqv red"
    assert lines[3].endswith("(empty)")
    assert all("BiLSTM 0." in line and "BiGRU 0." in line for line in [*lines[:2], lines[3]])


def test_one_network_alone(capsys: pytest.CaptureFixture[str]) -> None:
    predict.run(TEXTS, ["bigru"], None, unknown=False)
    said = PREDICTOR.predict([text for _, text in TEXTS])["bigru"]
    lines = capsys.readouterr().out.splitlines()
    for line, probability in zip(lines, said, strict=True):
        word = "positive" if probability > 0.5 else "negative"
        assert line.startswith(f"{word}  {probability:.4f}  (BiGRU {probability:.4f})")


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_a_table_has_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(predict, "BATCH_SIZE", batch)
    predict.run(iter(TEXTS), ["bilstm", "bigru"], tmp_path / "said.parquet", unknown=True)
    table = pd.read_parquet(tmp_path / "said.parquet")
    assert table["source"].tolist() == ["first", "second", "third"]
    assert table["text"].tolist() == [text for _, text in TEXTS]
    assert table["unknown"].tolist() == ["", "zxqv red", ""]
    said = PREDICTOR.predict([text for _, text in TEXTS])
    for name in ("bilstm", "bigru"):
        assert table[name].to_numpy() == pytest.approx(said[name], abs=1e-6)
    assert table["probability"].to_numpy() == pytest.approx(combine(list(said.values())), abs=1e-6)
    assert (table["sentiment"] == "positive").tolist() == (table["probability"] > 0.5).tolist()


def test_no_texts_no_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    predict.run([], ["bilstm"], None, unknown=False)
    assert capsys.readouterr().out == ""
    predict.run([], ["bilstm"], tmp_path / "said.jsonl", unknown=False)
    assert (tmp_path / "said.jsonl").read_text() == ""
    predict.run([], ["bilstm"], tmp_path / "said.csv", unknown=False)
    header = "source,text,sentiment,probability,bilstm\n"
    assert (tmp_path / "said.csv").read_text() == header
    predict.run([], ["bilstm"], tmp_path / "said.parquet", unknown=False)
    assert list(pd.read_parquet(tmp_path / "said.parquet")["text"]) == []


@pytest.mark.slow
def test_an_explanation_in_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    explain.run("A good, [red] \x1b[31mfilm.", ["bilstm", "bigru"], None)
    out = capsys.readouterr().out
    assert "A good, [red]  [31mfilm." in out
    assert "BiLSTM: 0." in out
    assert out.count("left unexplained: ") == 2
    assert "\x1b" not in out


@pytest.mark.slow
def test_in_a_terminal_the_strongest_word_stands_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLORTERM", "truecolor")
    explain.run("the good film", ["bilstm"], None)
    colored = re.findall(r"\x1b\[1;37;48;2;[\d;]+m(\w+)", capsys.readouterr().out)
    found = Explainer(PREDICTOR).explain("the good film")
    moved = dict(zip(found.segments, found.networks["bilstm"].contributions, strict=True))
    assert max(moved, key=lambda segment: abs(moved[segment])).text in colored


def test_a_page_needs_no_other_file(tmp_path: Path) -> None:
    explain.run("A good <script>film</script>.", ["bigru"], tmp_path / "read.html")
    page = (tmp_path / "read.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "http" not in page
    assert ">good</span>" in page
    assert "BiGRU: 0." in page
    with pytest.raises(InputError, match=r"read\.pdf is no \.html"):
        explain.run("A good film.", ["bigru"], tmp_path / "read.pdf")


def test_an_explanation_of_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"A good\nfilm.\n")))
    explain.run(None, ["bilstm"], None)
    assert "A good\nfilm." in capsys.readouterr().out
