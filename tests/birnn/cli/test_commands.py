"""`birnn predict` and `birnn explain` with small networks."""

import io
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from birnn.cli import explain, output_tables, predict
from birnn.core.errors import InputError
from birnn.inference import predictor
from birnn.inference.explanation import Explainer
from birnn.networks.decision import combine, probability
from tests.birnn.predictors import small_predictor

PREDICTOR = small_predictor()
TEXTS = [("first", "A good film."), ("second", "zxqv, bad zxqv [red]!"), ("third", "")]
UNKNOWN = [("zeroth", "zxqv qqqq")]
MISSING = [True, False, False, True]  # predictions of UNKNOWN + TEXTS


@pytest.fixture(autouse=True)
def small_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the networks of the pipeline with small ones."""

    def load(names: tuple[str, ...]) -> object:
        networks = {name: PREDICTOR.networks[name] for name in names}
        return type(PREDICTOR)(PREDICTOR.encoding, networks)

    monkeypatch.setattr(predictor, "load_verified", load)
    monkeypatch.setenv("COLUMNS", "80")


def test_predict_prints_one_line_per_text(capsys: pytest.CaptureFixture[str]) -> None:
    predict.run(TEXTS, ["bilstm", "bigru"], None, unknown=True)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[0].endswith("A good film.")
    assert lines[1].endswith("zxqv, bad zxqv [red]!")
    assert lines[2] == "    unknown: zxqv red"
    assert all("BiLSTM 0." in line and "BiGRU 0." in line for line in lines[:2])
    assert lines[3].endswith("(empty)")
    assert re.search(r"\d|tive", lines[3]) is None


def test_predict_with_one_network(capsys: pytest.CaptureFixture[str]) -> None:
    predict.run(TEXTS, ["bigru"], None, unknown=False)
    expected = probability(PREDICTOR.predict([text for _, text in TEXTS])["bigru"])
    lines = capsys.readouterr().out.splitlines()
    for line, value in zip(lines[:2], expected[:2], strict=True):
        sentiment = "positive" if value > 0.5 else "negative"
        assert line.startswith(f"{sentiment}  {value:.4f}  (BiGRU {value:.4f})")


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_predict_writes_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(predict, "BATCH_SIZE", batch)
    predict.run(iter(TEXTS), ["bilstm", "bigru"], tmp_path / "out.parquet", unknown=True)
    table = pd.read_parquet(tmp_path / "out.parquet")
    assert table["source"].tolist() == ["first", "second", "third"]
    assert table["text"].tolist() == [text for _, text in TEXTS]
    assert table["unknown"].tolist() == ["", "zxqv red", ""]
    expected = PREDICTOR.predict([text for _, text in TEXTS])
    assert table["no_known_words"].tolist() == [False, False, True]
    assert table.loc[2, ["sentiment", "probability", "bilstm", "bigru"]].isna().all()
    table = table[:2]
    for name in ("bilstm", "bigru"):
        assert table[name].to_numpy() == pytest.approx(probability(expected[name][:2]), abs=1e-6)
    assert table["probability"].to_numpy() == pytest.approx(
        probability(combine(list(expected.values())))[:2], abs=1e-6
    )
    assert (table["sentiment"] == "positive").tolist() == (table["probability"] > 0.5).tolist()


@pytest.mark.parametrize("batch", [1, 100])
def test_text_without_known_words_is_flagged_in_every_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(predict, "BATCH_SIZE", batch)
    for extension in output_tables.WRITERS:
        predict.run(UNKNOWN + TEXTS, ["bilstm", "bigru"], tmp_path / f"a{extension}", unknown=False)
    for name in ("sentiment", "probability", "bilstm", "bigru"):
        assert pd.read_parquet(tmp_path / "a.parquet")[name].isna().tolist() == MISSING
        assert pd.read_csv(tmp_path / "a.csv")[name].isna().tolist() == MISSING
    assert pd.read_parquet(tmp_path / "a.parquet")["no_known_words"].tolist() == MISSING
    assert pd.read_csv(tmp_path / "a.csv")["no_known_words"].tolist() == MISSING
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line, parse_constant=pytest.fail) for line in lines]
    assert [row["no_known_words"] for row in rows] == MISSING
    for name in ("sentiment", "probability", "bilstm", "bigru"):
        assert [row[name] is None for row in rows] == MISSING


def test_predict_without_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    predict.run([], ["bilstm"], None, unknown=False)
    assert capsys.readouterr().out == ""
    predict.run([], ["bilstm"], tmp_path / "out.jsonl", unknown=False)
    assert (tmp_path / "out.jsonl").read_text() == ""
    predict.run([], ["bilstm"], tmp_path / "out.csv", unknown=False)
    header = "source,text,sentiment,probability,bilstm,no_known_words\n"
    assert (tmp_path / "out.csv").read_text() == header
    predict.run([], ["bilstm"], tmp_path / "out.parquet", unknown=False)
    assert list(pd.read_parquet(tmp_path / "out.parquet")["text"]) == []


@pytest.mark.slow
def test_explain_prints_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    explain.run("A good, [red] \x1b[31mfilm.", ["bilstm", "bigru"], None)
    out = capsys.readouterr().out
    assert "A good, [red]  [31mfilm." in out
    assert "BiLSTM: 0." in out
    assert out.count("unexplained: ") == 2
    assert "\x1b" not in out


@pytest.mark.slow
def test_explain_highlights_the_strongest_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLORTERM", "truecolor")
    explain.run("the good film", ["bilstm"], None)
    colored = re.findall(r"\x1b\[1;37;48;2;[\d;]+m(\w+)", capsys.readouterr().out)
    explanation = Explainer(PREDICTOR).explain("the good film")
    contributions = explanation.networks["bilstm"].contributions
    by_segment = dict(zip(explanation.segments, contributions, strict=True))
    assert max(by_segment, key=lambda segment: abs(by_segment[segment])).text in colored


def test_explain_writes_a_self_contained_page(tmp_path: Path) -> None:
    explain.run("A good <script>film</script>.", ["bigru"], tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "http" not in page
    assert ">good</span>" in page
    assert "BiGRU: 0." in page
    with pytest.raises(InputError, match=r"page\.pdf is not an \.html"):
        explain.run("A good film.", ["bigru"], tmp_path / "page.pdf")


@pytest.mark.parametrize("text", ["", "zxqv <b>"])
def test_explain_gives_no_prediction_without_known_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    explain.run(text, ["bilstm", "bigru"], None)
    assert re.search(r"\d|tive", capsys.readouterr().out) is None
    explain.run(text, ["bilstm", "bigru"], tmp_path / "page.html")
    main = (tmp_path / "page.html").read_text(encoding="utf-8").partition("<main>")[2]
    assert "othing to go on" in main
    assert re.search(r"0\.\d|positive|negative", main) is None


def test_explain_reads_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"A good\nfilm.\n")))
    explain.run(None, ["bilstm"], None)
    assert "A good\nfilm." in capsys.readouterr().out
