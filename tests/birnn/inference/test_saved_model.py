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
from birnn.inference.predictor import COMBINED
from birnn.networks.decision import combine, probability
from tests.birnn.odd_texts import TEXTS, UNICODE_TEXTS, VOCABULARY
from tests.birnn.predictors import small_predictor

SIDES = list(itertools.product(get_args(Side), repeat=2))
PREDICTORS = {sides: small_predictor(4, *sides) for sides in SIDES}
MODULES = {sides: saved_model.TextClassifier(PREDICTORS[sides]) for sides in SIDES}

ANY_LANGUAGE = small_predictor(40, words=VOCABULARY, tokenizer="unicode")
ANY_LANGUAGE_MODULE = saved_model.TextClassifier(ANY_LANGUAGE)


@given(UNICODE_TEXTS)
def test_words_of_any_language_are_the_same_in_nfc(text: str) -> None:
    composed = unicodedata.normalize("NFC", text.encode(errors="replace").decode())
    sequences = ANY_LANGUAGE_MODULE.encode(tf.constant([composed]))
    assert sequences.numpy().tolist() == ANY_LANGUAGE.encode([composed]).tolist()


@settings(max_examples=40)
@given(st.lists(TEXTS, min_size=1, max_size=5), st.sampled_from(SIDES))
def test_module_encodes_and_predicts_the_same(texts: list[str], sides: tuple[Side, Side]) -> None:
    predictor, module = PREDICTORS[sides], MODULES[sides]
    sequences = module.encode(tf.constant(texts))
    assert sequences.numpy().tolist() == predictor.encode(texts).tolist()
    log_odds = predictor.predict(texts)
    expected = log_odds | {COMBINED: combine(list(log_odds.values()))}
    predictions = module.predict(tf.constant(texts))
    assert predictions.keys() == expected.keys()
    for name, odds in expected.items():
        assert predictions[name].numpy() == pytest.approx(probability(odds), abs=1e-6)
