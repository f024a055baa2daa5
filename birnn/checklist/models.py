"""The behavioral tests of the networks and the baseline, with reviews of the test split."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.checklist import behavioral_tests, runner
from birnn.checklist.runner import Predict
from birnn.core.paths import PADDED, TEST_REVIEWS
from birnn.evaluation.model_names import TITLES
from birnn.inference import predictor
from birnn.text import encoding, reviews, tokenizer


def run_tests() -> pd.DataFrame:
    """Return one row per test and model, see `runner.run_tests`."""
    chosen = encoding.read(PADDED)

    def encode(texts: Sequence[str]) -> NDArray[np.int32]:
        return encoding.encode(tokenizer.tokenize(texts, chosen.tokenizer), chosen)

    named = [behavioral_tests.has_name(text) for text in reviews.all_texts(TEST_REVIEWS)]
    groups = reviews.groups(TEST_REVIEWS)
    samples = [sample(np.arange(len(groups))), sample(np.flatnonzero(named))]
    texts = [reviews.texts(TEST_REVIEWS, rows) for rows in samples]
    films = dict(zip(chain(*texts), groups[np.concatenate(samples)].tolist(), strict=True))
    behaviors = behavioral_tests.all_behaviors(*texts)
    cases = [test.without_unchanged(encode) for test in behaviors]
    predictors = {name: predict_with(name) for name in TITLES}
    return pd.DataFrame(runner.run_tests(cases, predictors, films))


def sample(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return up to SAMPLE_SIZE rows, evenly spaced because the rows are sorted by label."""
    size = min(behavioral_tests.SAMPLE_SIZE, len(rows))
    positions = np.linspace(0, max(len(rows) - 1, 0), size).astype(np.int64)
    return rows[positions]


def predict_with(name: str) -> Predict:
    """Return the function that predicts texts with a model."""
    loaded = predictor.load([name])
    return lambda texts: loaded.predict(texts).by_model[name]
