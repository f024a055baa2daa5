"""`birnn export` with small networks; tests/test_reader_in_browser.py opens the page."""

import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from birnn.cli import reader_page
from birnn.cli.reader_page import MOST_NGRAMS
from birnn.core.errors import InputError
from birnn.evaluation.model_names import BASELINE
from birnn.inference.baseline_model import BaselineModel
from birnn.inference.predictor import Predictor
from birnn.networks.decision import probability
from birnn.training.baseline import Baseline
from tests.birnn import small_networks
from tests.birnn.cli.conftest import Run
from tests.birnn.predictors import gated, small_baseline, small_predictor


@pytest.mark.parametrize(
    ("name", "start", "written"),
    [
        ("own name.zip", b"PK", {"own name.zip"}),
        # It starts with the number of ONNX's format version.
        ("a.onnx", b"\x08", {"a.onnx", "a.json"}),
        ("a.HTML", b"<!doctype html>", {"a.HTML"}),
    ],
)
@pytest.mark.parametrize("model", [next(iter(small_networks.LAYERS)), BASELINE])
def test_name_decides_the_format(
    tmp_path: Path,
    birnn: Run,
    predictor: Predictor,
    name: str,
    start: bytes,
    written: set[str],
    model: str,
) -> None:
    file, text = tmp_path / name, "A good film."
    assert birnn("export", file, "--model", model).startswith(f"{file}: 0.0 MB; ")
    content = file.read_bytes()
    assert content.startswith(start)
    assert not re.search(rb"https?:", content)
    assert {file.name for file in tmp_path.iterdir()} == written
    if file.suffix == ".zip":
        shutil.unpack_archive(file, tmp_path / "model")
        predict = tf.saved_model.load(tmp_path / "model").signatures["serving_default"]
        original = small_baseline() if model == BASELINE else predictor
        expected = probability(original.predict([text]).by_model[model])
        assert predict(texts=tf.constant([text]))[model].numpy() == pytest.approx(expected)


def test_what_cannot_be_exported_is_refused(
    tmp_path: Path, birnn: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"a\.txt is not a \.zip, \.onnx or \.html file"):
        birnn("export", tmp_path / "a.txt")
    monkeypatch.delitem(sys.modules, "birnn.inference.onnx_model", raising=False)
    monkeypatch.delattr("birnn.inference.onnx_model", raising=False)
    monkeypatch.setitem(sys.modules, "onnx", None)  # as if it were not installed
    with pytest.raises(InputError, match="onnx is not installed"):
        birnn("export", tmp_path / "a.onnx")
    with pytest.raises(InputError, match=r"ngrams\.longest"):
        reader_page.write(gated(small_predictor(longest_ngram=2)), tmp_path / "a.html")
    trained = Baseline(1, ["word"] * (MOST_NGRAMS + 1), np.zeros(MOST_NGRAMS + 1), 0.0)
    with pytest.raises(InputError, match=r"has 1,000,001 n-grams, .* baseline\.min_reviews"):
        reader_page.write(Predictor({BASELINE: BaselineModel(trained)}), tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []
