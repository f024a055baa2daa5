"""The behavioral tests of the networks and the baseline, with reviews of the test split."""

from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.checklist import behavioral_tests, runner
from birnn.checklist.runner import Predict
from birnn.evaluation.model_names import BASELINE, NETWORKS
from birnn.inference import predictor
from birnn.inference.predictor import Predictor
from birnn.text import reviews, tokenizer
from birnn.training import baseline


def run_tests(models: Path, corpus_file: Path) -> pd.DataFrame:
    """Return one row per test and model, see `runner.run_tests`.

    Args:
        models: folder of the models.
        corpus_file: file of the reviews that tests change.
    """
    networks = predictor.load([*NETWORKS], models=models)
    named = [behavioral_tests.has_name(text) for text in reviews.all_texts(corpus_file)]
    groups = reviews.groups(corpus_file)
    samples = [sample(np.arange(len(groups))), sample(np.flatnonzero(named))]
    texts = [reviews.texts(corpus_file, rows) for rows in samples]
    films = dict(zip(chain(*texts), groups[np.concatenate(samples)].tolist(), strict=True))
    behaviors = behavioral_tests.all_behaviors(*texts)
    cases = [test.without_unchanged(networks.encode) for test in behaviors]
    linear = baseline.Predictor(baseline.load(models / BASELINE))
    return pd.DataFrame(runner.run_tests(cases, predictors(networks, linear), films))


def sample(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return up to SAMPLE_SIZE rows, evenly spaced because the rows are sorted by label."""
    size = min(behavioral_tests.SAMPLE_SIZE, len(rows))
    positions = np.linspace(0, max(len(rows) - 1, 0), size).astype(np.int64)
    return rows[positions]


def predictors(networks: Predictor, linear: baseline.Predictor) -> dict[str, Predict]:
    """Return the function that predicts texts, for each model."""

    def predict_with(name: str) -> Predict:
        single = Predictor(networks.encoding, {name: networks.networks[name]})
        return lambda texts: single.predict(texts)[name]

    def predict_with_baseline(texts: tuple[str, ...]) -> NDArray[np.float32]:
        tokens = tokenizer.tokenize(texts, networks.encoding.tokenizer)
        return linear([words or [] for words in tokens.to_pylist()])

    return {name: predict_with(name) for name in NETWORKS} | {BASELINE: predict_with_baseline}
