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
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.core.settings import Side
from birnn.inference import saved_model
from birnn.inference.predictor import COMBINED, Predictor
from birnn.networks.decision import combine, probability
from tests.birnn.odd_texts import TEXTS
from tests.birnn.predictors import small_predictor
from tests.tiers import sampled

SIDES = list(itertools.product(get_args(Side), repeat=2))
REVIEWS = ["A good film.", "", "BAD, bad film; isn't naïve. " * 9, "日本語\u00a0film", "\x00 good"]
PREDICTORS = {sides: small_predictor(4, *sides) for sides in SIDES}
MODULES = {sides: saved_model.TextClassifier(PREDICTORS[sides]) for sides in SIDES}

PROCESS = """
import json, sys, zipfile
import tensorflow as tf
zipfile.ZipFile("model.zip").extractall("model")
predict = tf.saved_model.load("model").signatures["serving_default"]
predictions = predict(texts=tf.constant(json.load(open("texts.json"))))
assert "birnn" not in sys.modules
print(json.dumps({name: values.numpy().tolist() for name, values in predictions.items()}))
"""


def check(predictor: Predictor, predictions: dict[str, list[float]]) -> None:
    """Check that predictions of REVIEWS are the predictor's."""
    log_odds = predictor.predict(REVIEWS)
    expected = log_odds | {COMBINED: combine(list(log_odds.values()))}
    assert predictions.keys() == expected.keys()
    for name, odds in expected.items():
        assert np.asarray(predictions[name]) == pytest.approx(probability(odds), abs=1e-6)


@settings(max_examples=40)
@given(st.lists(TEXTS, min_size=1, max_size=5), st.sampled_from(SIDES))
def test_any_texts_are_encoded_the_same(texts: list[str], sides: tuple[Side, Side]) -> None:
    sequences = MODULES[sides].encode(tf.constant(texts))
    assert sequences.numpy().tolist() == PREDICTORS[sides].encode(texts).tolist()


def test_module_predicts_the_same() -> None:
    check(PREDICTORS[SIDES[0]], MODULES[SIDES[0]].predict(tf.constant(REVIEWS)))


@pytest.mark.slow
@pytest.mark.parametrize(("padding", "truncating"), sampled(SIDES, SIDES[0]))
def test_exported_file_predicts_the_same(tmp_path: Path, padding: Side, truncating: Side) -> None:
    predictor = small_predictor(padding=padding, truncating=truncating)
    saved_model.write(predictor, tmp_path / "model.zip")
    readme = zipfile.ZipFile(tmp_path / "model.zip").read("README.txt").decode()
    assert 'zipfile.ZipFile("model.zip")' in readme
    assert f"TensorFlow {tf.__version__}" in readme
    (tmp_path / "texts.json").write_text(json.dumps(REVIEWS), encoding="utf-8")
    # -I isolates the process from this folder and from environment variables.
    command = [sys.executable, "-I", "-c", PROCESS]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    check(predictor, json.loads(result.stdout))
