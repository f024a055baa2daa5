"""The behavioral tests of the networks and the baseline, with reviews of the test split."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.core.paths import PADDED, TEST_REVIEWS
from birnn.evaluation.behavioral_tests import Behavior, Predict, all_behaviors, has_name
from birnn.evaluation.intervals import proportion_interval
from birnn.evaluation.predictor import Model, Predictor
from birnn.reviews import corpus_reader, encoding

SAMPLE_SIZE = 1_000  # test reviews to change
COLUMNS = (
    *("capability", "kind", "test", "model"),
    *("cases", "failures", "failure_rate", "low", "high"),
)


def run_tests(predictor: Predictor) -> pd.DataFrame:
    """Return one row per test and model, see `count_failures`."""
    scheme = encoding.read(PADDED)

    def encode(texts: Sequence[str]) -> NDArray[np.int32]:
        return encoding.encode(predictor.tokenize(texts), scheme)

    def predict(model: Model, texts: Sequence[str]) -> NDArray[np.float32]:
        return model.predict(predictor.tokenize(texts))

    named = [has_name(text) for text in corpus_reader.all_texts(TEST_REVIEWS)]
    groups = corpus_reader.groups(TEST_REVIEWS)
    samples = [sample(np.arange(len(groups))), sample(np.flatnonzero(named))]
    texts = [corpus_reader.texts(TEST_REVIEWS, rows) for rows in samples]
    films = dict(zip(chain(*texts), groups[np.concatenate(samples)].tolist(), strict=True))
    behaviors = all_behaviors(*texts)
    cases = [test.without_unchanged(encode) for test in behaviors]
    predictors = {name: partial(predict, model) for name, model in predictor.models.items()}
    return pd.DataFrame(count_failures(cases, predictors, films), columns=COLUMNS)


def sample(rows: NDArray[np.int64], size: int = SAMPLE_SIZE) -> NDArray[np.int64]:
    """Return up to `size` rows, evenly spaced because the rows are sorted by label."""
    positions = np.linspace(0, len(rows) - 1, min(size, len(rows))).astype(np.int64)
    return rows[positions]


def count_failures(
    behaviors: Sequence[Behavior], predictors: Mapping[str, Predict], groups: Mapping[str, int]
) -> Iterator[dict[str, str | int | float | None]]:
    """Yield one row per test and model: the cases, the failures and their rate.

    The cases of INV and DIR are a sample of reviews, so their rate has a 95% interval, from `low`
    to `high`. Sentences made from a few templates are not a sample, so the rate of an MFT has none.

    `groups` has the number of each original text's group, such as its film.
    """
    # Many tests start from the same reviews; predict the unchanged reviews only once.
    cached = {model: cache(predict) for model, predict in predictors.items()}
    for test in behaviors:
        for model, predict in cached.items():
            cases = len(test.texts)
            failed = test.failures(predict) if cases else np.zeros(0, np.bool_)
            low = high = None
            if cases and test.kind != "MFT":
                case_groups = np.array([groups[text] for text in test.originals], np.int32)
                low, high = proportion_interval(failed, case_groups)
            yield {
                "capability": test.capability,
                "kind": test.kind,
                "test": test.description,
                "model": model,
                "cases": cases,
                "failures": int(failed.sum()),
                "failure_rate": failed.mean() if cases else None,
                "low": low,
                "high": high,
            }
