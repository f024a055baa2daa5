"""The exported module encodes and predicts as the project does.

tests/test_own_corpus.py loads the file in a process without the project.
"""

import itertools
import unicodedata
from typing import get_args

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.core.settings import Side
from birnn.inference import saved_model
from birnn.inference.predictor import COMBINED, Predictor
from birnn.networks.decision import combine, probability
from tests.birnn.odd_texts import TEXTS, UNICODE
from tests.birnn.predictors import small_predictor

SIDES = itertools.product(get_args(Side), repeat=2)
PREDICTORS = [small_predictor(4, *sides, **options) for sides in SIDES for options in ({}, UNICODE)]
MODULES = [(predictor, saved_model.TextClassifier(predictor)) for predictor in PREDICTORS]
NFC = TEXTS.map(lambda text: unicodedata.normalize("NFC", text))


@settings(max_examples=80)
@given(st.lists(NFC, min_size=1, max_size=5), st.sampled_from(MODULES))
def test_module_encodes_and_predicts_the_same(
    texts: list[str], pair: tuple[Predictor, saved_model.TextClassifier]
) -> None:
    predictor, module = pair
    sequences = module.encode(tf.constant(texts))
    assert sequences.numpy().tolist() == predictor.encode(texts).tolist()
    log_odds = predictor.predict(texts)
    expected = log_odds | {COMBINED: combine(list(log_odds.values()))}
    predictions = module.predict(tf.constant(texts))
    assert predictions.keys() == expected.keys()
    for name, odds in expected.items():
        assert predictions[name].numpy() == pytest.approx(probability(odds), abs=1e-6)
