"""The exported module splits texts and predicts as the project does.

tests/birnn/cli/test_export.py loads an exported file.
"""

import itertools
import runpy
import sys
import unicodedata
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.core.settings import Side
from birnn.evaluation.model_names import ALL_NETWORKS, BASELINE, COMBINED
from birnn.inference import saved_model
from birnn.inference.predictor import Predictor
from birnn.networks.decision import probability
from birnn.text.tokenizer import Tokenizer
from tests.birnn.odd_texts import TEXTS, UNICODE
from tests.birnn.predictors import small_baseline, small_predictor

SIDES = itertools.product(get_args(Side), repeat=2)
OPTIONS = ({}, UNICODE, UNICODE, {})  # each tokenizer with each side
TEMPERATURES = {ALL_NETWORKS: 2.0, BASELINE: 3.0}
NFC = TEXTS.map(lambda text: unicodedata.normalize("NFC", text))


def predictors_and_modules() -> list[tuple[Predictor, saved_model.TextClassifier]]:
    predictors = [
        small_predictor(4, *sides, **each) for sides, each in zip(SIDES, OPTIONS, strict=True)
    ]
    predictors += [replace(small_baseline(3), tokenizer=each) for each in get_args(Tokenizer)]
    predictors = [replace(each, temperatures=TEMPERATURES) for each in predictors]
    return [(predictor, saved_model.TextClassifier(predictor)) for predictor in predictors]


@settings(max_examples=30)
@given(
    st.lists(NFC, min_size=1, max_size=5),
    st.deferred(lambda: st.sampled_from(predictors_and_modules())),
)
def test_module_splits_and_predicts_the_same(
    texts: list[str], pair: tuple[Predictor, saved_model.TextClassifier]
) -> None:
    predictor, module = pair
    words = [[word.decode() for word in row] for row in module.split(tf.constant(texts)).to_list()]
    assert words == [row or [] for row in predictor.tokenize(texts).to_pylist()]
    predicted = predictor.predict(texts)
    expected = predicted.by_model | {COMBINED: predicted.log_odds}
    predictions = module.predict(tf.constant(texts))
    assert predictions.keys() == expected.keys()
    for name, odds in expected.items():
        assert predictions[name].numpy() == pytest.approx(probability(odds), abs=1e-6)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse the name")
def test_example_in_the_readme_opens_a_file_of_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path('own "\udce9.zip')
    saved_model.write(small_baseline(), file)
    readme = zipfile.ZipFile(file).read("README.txt").decode()
    Path("example.py").write_text(readme[readme.index("import") :], encoding="utf-8")
    predict = runpy.run_path("example.py")["predict"]
    assert predict(texts=tf.constant(["A fine film."])).keys() == {BASELINE, COMBINED}
