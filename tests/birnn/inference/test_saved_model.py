"""The exported file encodes and predicts as the project does."""

import itertools
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from birnn.core.settings import Side
from birnn.inference import saved_model
from birnn.networks.decision import combine, probability
from birnn.text import encoding, tokenizer
from tests.birnn.odd_texts import TEXTS
from tests.birnn.predictors import WORDS, small_predictor
from tests.tiers import sampled

SIDES = list(itertools.product(get_args(Side), repeat=2))
MODULES = {
    sides: saved_model.TextClassifier(
        small_predictor(maxlen=4, padding=sides[0], truncating=sides[1])
    )
    for sides in SIDES
}

PROCESS = """
import json, sys, zipfile
import tensorflow as tf
zipfile.ZipFile("model.zip").extractall("model")
predict = tf.saved_model.load("model").signatures["serving_default"]
predictions = predict(texts=tf.constant(json.load(open("texts.json"))))
assert "birnn" not in sys.modules
print(json.dumps({name: values.numpy().tolist() for name, values in predictions.items()}))
"""


@given(st.lists(TEXTS, min_size=1, max_size=5), st.sampled_from(SIDES))
def test_any_texts_are_encoded_the_same(texts: list[str], sides: tuple[Side, Side]) -> None:
    expected = encoding.encode(tokenizer.tokenize(texts), encoding.Encoding(WORDS, 4, *sides))
    sequences = MODULES[sides].encode(tf.constant(texts))
    assert sequences.numpy().tolist() == expected.tolist()


@pytest.mark.slow
@pytest.mark.parametrize(("padding", "truncating"), sampled(SIDES, SIDES[0]))
def test_exported_file_predicts_the_same(tmp_path: Path, padding: Side, truncating: Side) -> None:
    predictor = small_predictor(padding=padding, truncating=truncating)
    saved_model.write(predictor, tmp_path / "model.zip")
    texts = [
        "A good film.",
        "",
        "BAD, bad film; isn't naïve. " * 9,
        "日本語\u00a0film",
        "\x00 good",
    ]
    (tmp_path / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    # -I isolates the process from this folder and from environment variables.
    command = [sys.executable, "-I", "-c", PROCESS]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    predictions = json.loads(result.stdout)
    expected = predictor.predict(texts)
    for name in ("bilstm", "bigru"):
        assert np.abs(np.array(predictions[name]) - probability(expected[name])).max() <= 1e-6
    combined = probability(combine(list(expected.values())))
    assert predictions["combined"] == pytest.approx(combined, abs=1e-6)


def test_readme_shows_how_to_load_the_file(tmp_path: Path) -> None:
    saved_model.write(small_predictor(), tmp_path / "own name.zip")
    with zipfile.ZipFile(tmp_path / "own name.zip") as content:
        readme = content.read("README.txt").decode()
    assert 'zipfile.ZipFile("own name.zip")' in readme
    assert f"TensorFlow {tf.__version__}" in readme
