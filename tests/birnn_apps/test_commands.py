"""`birnn predict`, `explain` and `export` with small networks."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.text import Text

from birnn.core.batching import BATCH_SIZE
from birnn.evaluation.model_names import BASELINE, NETWORKS, TITLES
from birnn.networks.log_odds import probability
from birnn.runtime.errors import InputError
from birnn.style.colors import TERMINAL_NEGATIVE, TERMINAL_POSITIVE
from birnn_apps.classifier import Classifier, load_chosen
from birnn_apps.explanation import explain
from birnn_apps.predict import EXCERPT, EXTENSIONS
from tests.birnn.predictors import CLASSES
from tests.birnn_apps.classifiers import baseline_classifier
from tests.birnn_apps.conftest import Run
from tests.projects import BIRNN, check_output, refusal

FIRST, *_, LAST = NETWORKS
PREDICTED = ["label", "probability", *NETWORKS]
TEXTS = ["A good film.", 'zxqv\x1b,\r\nbad zxqv\x1b "[red]"!', "", "zxqv\rqqqq\xe9"]
MISSING = [False, False, True, True]  # predictions of TEXTS


def test_predict_compares_the_models_on_texts(birnn: Run) -> None:
    texts = [*TEXTS[:3], "film" + "." * (EXCERPT - 4), "film" + "." * (EXCERPT - 3)]
    blocks = iter(birnn("predict", *texts).splitlines())
    classifiers = {name: predictor_of(name) for name in TITLES}
    for number, text in enumerate(texts):
        excerpt = re.sub(r"[\x1b\r\n]", " ", text)[:EXCERPT] + "…" * (number == 4)
        assert next(blocks) == (excerpt or "(empty)")
        for name, title in TITLES.items():
            line = next(blocks)
            assert line.startswith(f"  {title}")
            if number == 2:
                assert re.search(r"\d|thumbs", line) is None
                continue
            (odds,) = classifiers[name].predict([text]).log_odds
            value = probability(np.array([odds]))[0]
            expected = f"{CLASSES[int(value > 0.5)]}, probability of {CLASSES[1]} {value:.4f}"
            few = "; only 25% of the words are known" if number == 1 else ""
            assert line.endswith(f"{expected}{few}")


def predictor_of(name: str) -> Classifier:
    return baseline_classifier() if name == BASELINE else load_chosen(name)


def test_predict_names_the_one_model_of_files_and_pipes(birnn: Run, classifier: Classifier) -> None:
    lines = birnn("predict", "--threshold", "0.25", stdin=b"good\nbad\n").splitlines()
    assert lines.pop() == f"All networks, {CLASSES[1]} above 0.25"
    values = probability(classifier.predict(["good", "bad"]).log_odds)
    for line, value in zip(lines, values, strict=True):
        label = CLASSES[int(value > 0.25)]
        assert line.startswith(f"{label}, probability of {CLASSES[1]} {value:.4f} (")


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_predict_writes_a_table(
    tmp_path: Path, birnn: Run, classifier: Classifier, extension: str
) -> None:
    repeats = BATCH_SIZE // len(TEXTS) + 1  # more than one batch
    texts, file = tmp_path / "texts.jsonl", tmp_path / f"a{extension.upper()}"
    # A column of the input has the name of an added one, and another is missing in some rows.
    rows = [{"stars": None, "review": text, "source": ["web"]} for text in TEXTS]
    rows[-1] = {"review": TEXTS[-1], "stars": 5, "late": True}
    texts.write_text("".join(json.dumps(row) + "\n" for row in rows) * repeats)
    birnn("predict", "--file", texts, "--output", file)
    if extension == ".jsonl":
        lines = file.read_text(encoding="utf-8").splitlines()
        table = pd.DataFrame([json.loads(line, parse_constant=pytest.fail) for line in lines])
    else:
        missing = dict.fromkeys(PREDICTED, "")
        table = pd.read_csv(file, keep_default_na=False, na_values=missing)
    kept = ["stars", "review", "source", "late"]
    assert [*table] == [*kept, "predicted_source", *PREDICTED, "known"]
    assert table["predicted_source"].iloc[-1] == f"{texts}, row {len(table)}"
    assert table["source"].iloc[0] == (["web"] if extension == ".jsonl" else '["web"]')
    late = (table["late"].fillna("") != "").tolist()
    assert late == [*[False] * (len(TEXTS) - 1), True] * repeats
    assert table["review"].tolist() == TEXTS * repeats
    assert table["known"].tolist() == [1, 0.25, 0, 0] * repeats
    assert table["label"].isna().tolist() == MISSING * repeats
    predicted = classifier.predict(TEXTS)
    for name, log_odds in {"probability": predicted.log_odds, **predicted.by_model}.items():
        expected = np.where(MISSING, np.nan, probability(log_odds))
        values = table[name].to_numpy(float).reshape(repeats, -1)
        assert np.allclose(values, expected, atol=1e-6, equal_nan=True)
    assert ((table["probability"] > 0.5) == (table["label"] == CLASSES[1])).all()


def test_predictions_of_predictions_have_free_names(tmp_path: Path, birnn: Run) -> None:
    file, output = tmp_path / "a.csv", tmp_path / "b.csv"
    file.write_text("review,label,predicted_label\ngood,x,y\n")
    birnn("predict", "--file", file, "--output", output)
    assert {"label", "predicted_label", "predicted_predicted_label"} <= {*pd.read_csv(output)}


def test_other_columns_are_not_changed(tmp_path: Path, birnn: Run) -> None:
    file, output = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    row = {"review": "good", "number": 0.12345678901234567, "id": 2**60, "nested": {"a": [1]}}
    file.write_text(json.dumps(row | {"odd": "\ud800"}) + "\n")  # a lone surrogate is not UTF-8
    birnn("predict", "--file", file, "--output", output)
    assert json.loads(output.read_text(encoding="utf-8")).items() >= (row | {"odd": "?"}).items()


def test_failure_keeps_the_previous_table(tmp_path: Path, birnn: Run) -> None:
    texts, file = tmp_path / "texts.txt", tmp_path / "a.csv"
    texts.write_bytes(b"good\n" * BATCH_SIZE + b"\xff\n")  # fails after the first batch
    file.write_text("previous")
    for output, expected in ((file, "not UTF-8"), (tmp_path / "a.xlsx", r"use \.csv or")):
        with pytest.raises(InputError, match=expected):
            birnn("predict", "--file", texts, "--model", FIRST, "--output", output)
    assert file.read_text() == "previous"
    assert {*tmp_path.iterdir()} == {texts, file}


def test_explain_prints_to_the_terminal(
    monkeypatch: pytest.MonkeyPatch, birnn: Run, classifier: Classifier
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLORTERM", "truecolor")
    text = "A bad, [red] \x1b[31mfilm.\n" + 8 * " good"
    colored = birnn("explain", "--model", LAST, stdin=text.encode())
    assert "\x1b[31m" not in colored
    out = Text.from_ansi(colored).plain
    assert "A bad, [red]  [31mfilm.\n" in out
    model = explain(classifier, text).models[LAST]
    assert out.count(f"{model.probability:.4f}") == 2
    strongest = sorted(model.contributions, key=abs, reverse=True)[:8]
    assert re.findall(r"^ *good +([+-]\d+\.\d{3}) *$", out, re.MULTILINE) == [
        f"{contribution:+.3f}" for contribution in strongest
    ]
    # The strongest word has a background, unread words are dim.
    color = TERMINAL_POSITIVE if strongest[0] > 0 else TERMINAL_NEGATIVE
    red, green, blue = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    assert f"\x1b[1;37;48;2;{red};{green};{blue}mgood" in colored
    assert "\x1b[2mbad" in colored


def test_explain_writes_a_self_contained_page(tmp_path: Path, birnn: Run) -> None:
    options = ("explain", "--model", LAST, "--html")
    with pytest.raises(InputError, match=r"page\.pdf is not an \.html"):
        birnn(*options, tmp_path / "page.pdf", "A good film.")
    birnn(*options, tmp_path / "page.html", "A good <script>film</script>.")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "http" not in page
    assert ">good</span>" in page
    # Without known words, there is no prediction.
    assert re.search(r"\d|thumbs", birnn(*options[:-1], "zxqv <b>")) is None


def test_baseline_predicts_without_tensorflow_and_the_threshold_decides(
    trained: Path, birnn: Run, tmp_path: Path
) -> None:
    options = ("predict", "--model", BASELINE, "A good film.", "--threshold")
    value = probability(baseline_classifier().predict(["A good film."]).log_odds)[0]
    lines = [f"{each}, probability of {CLASSES[1]} {value:.4f}  A good film." for each in CLASSES]
    outputs = [birnn(*options, threshold).splitlines() for threshold in ("0.99", "0.01")]
    assert [output[0] for output in outputs] == lines
    (tmp_path / "tensorflow.py").write_text("raise ImportError")
    command = (*BIRNN, *options, "0.99")
    assert check_output(trained, *command, PYTHONPATH=str(tmp_path)) == f"{lines[0]}\n"


def test_model_and_threshold_are_checked(birnn: Run) -> None:
    assert "networks" in birnn("predict", "--model=all", "good", status=2)
    for threshold in ("1", "0", "f1=0.5", "recall=2"):
        assert "a number" in birnn("predict", f"--threshold={threshold}", "good", status=2)
    with pytest.raises(InputError, match="no reviews are held out: run dvc exp run"):
        birnn("predict", "--threshold=recall=0.9", "good")


@pytest.mark.parametrize("model", [FIRST, BASELINE])
def test_export_writes_a_model_and_its_vocabulary(tmp_path: Path, birnn: Run, model: str) -> None:
    file = tmp_path / "own name.ONNX"
    output = birnn("export", file, "--model", model)
    assert output.startswith(f"{file}: 0.0 MB; own name.json next to it")
    assert {file.name for file in tmp_path.iterdir()} == {"own name.ONNX", "own name.json"}


@pytest.mark.parametrize("name", ["a.zip", "a.html", "a"])
def test_other_formats_are_refused(tmp_path: Path, birnn: Run, name: str) -> None:
    message = refusal(birnn, "export", tmp_path / name)
    assert message.endswith("choose a name that ends in .onnx")
    assert list(tmp_path.iterdir()) == []
