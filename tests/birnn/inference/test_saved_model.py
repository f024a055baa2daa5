"""The exported module splits texts and predicts as the project does.

tests/test_own_corpus.py loads the file in a process without the project.
"""

import itertools
import unicodedata
from dataclasses import replace
from typing import get_args

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.core.settings import Side
from birnn.evaluation.model_names import BASELINE, COMBINED, NETWORK_BLEND
from birnn.inference import saved_model
from birnn.inference.predictor import Predictor
from birnn.networks.decision import probability
from tests.birnn.odd_texts import TEXTS, UNICODE_TEXTS
from tests.birnn.predictors import small_baseline, small_predictor

SIDES = list(itertools.product(get_args(Side), repeat=2))
PREDICTORS = [*(small_predictor(4, *sides) for sides in SIDES), small_baseline(3)]
TEMPERATURES = {NETWORK_BLEND: 2.0, BASELINE: 3.0}
PREDICTORS = [replace(each, temperatures=TEMPERATURES) for each in PREDICTORS]
MODULES = [saved_model.TextClassifier(predictor) for predictor in PREDICTORS]
ANY_LANGUAGE = Predictor(PREDICTORS[-1].models, tokenizer="unicode")
ANY_LANGUAGE_MODULE = saved_model.TextClassifier(ANY_LANGUAGE)


@given(UNICODE_TEXTS)
def test_words_of_any_language_are_the_same_in_nfc(text: str) -> None:
    composed = unicodedata.normalize("NFC", text.encode(errors="replace").decode())
    (words,) = ANY_LANGUAGE_MODULE.split(tf.constant([composed])).to_list()
    expected = ANY_LANGUAGE.tokenize([composed]).to_pylist()[0] or []
    assert [word.decode() for word in words] == expected


@settings(max_examples=25)
@given(st.lists(TEXTS, min_size=1, max_size=5), st.integers(0, len(PREDICTORS) - 1))
def test_module_splits_and_predicts_the_same(texts: list[str], index: int) -> None:
    predictor, module = PREDICTORS[index], MODULES[index]
    words = [[word.decode() for word in row] for row in module.split(tf.constant(texts)).to_list()]
    assert words == [row or [] for row in predictor.tokenize(texts).to_pylist()]
    predicted = predictor.predict(texts)
    expected = predicted.by_model | {COMBINED: predicted.log_odds}
    predictions = module.predict(tf.constant(texts))
    assert predictions.keys() == expected.keys()
    for name, odds in expected.items():
        assert predictions[name].numpy() == pytest.approx(probability(odds), abs=1e-6)
