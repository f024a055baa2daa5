"""The behavioral tests of the networks and the baseline, with reviews of the test split."""

from collections.abc import Sequence
from functools import partial
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.checklist import behavioral_tests, runner
from birnn.core.paths import PADDED, TEST_REVIEWS
from birnn.inference.predictor import Model, Predictor
from birnn.text import encoding, reviews


def run_tests(predictor: Predictor) -> pd.DataFrame:
    """Return one row per test and model, see `runner.run_tests`."""
    chosen = encoding.read(PADDED)

    def encode(texts: Sequence[str]) -> NDArray[np.int32]:
        return encoding.encode(predictor.tokenize(texts), chosen)

    def predict(model: Model, texts: Sequence[str]) -> NDArray[np.float32]:
        return model.predict(predictor.tokenize(texts))

    named = [behavioral_tests.has_name(text) for text in reviews.all_texts(TEST_REVIEWS)]
    groups = reviews.groups(TEST_REVIEWS)
    samples = [sample(np.arange(len(groups))), sample(np.flatnonzero(named))]
    texts = [reviews.texts(TEST_REVIEWS, rows) for rows in samples]
    films = dict(zip(chain(*texts), groups[np.concatenate(samples)].tolist(), strict=True))
    behaviors = behavioral_tests.all_behaviors(*texts)
    cases = [test.without_unchanged(encode) for test in behaviors]
    predictors = {name: partial(predict, model) for name, model in predictor.models.items()}
    return pd.DataFrame(runner.run_tests(cases, predictors, films))


def sample(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return up to SAMPLE_SIZE rows, evenly spaced because the rows are sorted by label."""
    size = min(behavioral_tests.SAMPLE_SIZE, len(rows))
    positions = np.linspace(0, max(len(rows) - 1, 0), size).astype(np.int64)
    return rows[positions]
