"""Run the behavioral tests on the networks and the baseline.

Reads data/corpus/test.parquet, the encoding in data/padded, and models. Writes
metrics/checklist.csv.
"""

from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.checklist import behavioral_tests
from birnn.checklist.runner import Predict, run_tests
from birnn.core import stage
from birnn.core.libraries import tensorflow_imports
from birnn.core.outputs import atomic_file
from birnn.core.settings import Settings
from birnn.evaluation.model_names import BASELINE, NETWORKS
from birnn.text import reviews, tokenizer
from birnn.training import baseline

with tensorflow_imports():
    from birnn.inference import predictor
    from birnn.inference.predictor import Predictor

REVIEWS = Path("data/corpus/test.parquet")
BASELINE_MODEL = Path("models/baseline")
CHECKLIST = Path("metrics/checklist.csv")


def main(_settings: Settings) -> None:
    """Write one row per test and model."""
    networks = predictor.load(NETWORKS)
    named = np.flatnonzero([behavioral_tests.has_name(text) for text in reviews.all_texts(REVIEWS)])
    groups = reviews.groups(REVIEWS)
    samples = [sample(np.arange(len(groups))), sample(named)]
    texts = [reviews.texts(REVIEWS, rows) for rows in samples]
    films = dict(zip(chain(*texts), groups[np.concatenate(samples)].tolist(), strict=True))
    behaviors = behavioral_tests.all_behaviors(*texts)
    cases = [test.without_unchanged(networks.encode) for test in behaviors]
    table = pd.DataFrame(run_tests(cases, predictors(networks), films))
    with atomic_file(CHECKLIST) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n", float_format="%.4f")
    for model, rows in table.groupby("model", sort=False):
        print(f"{model}: {rows['failures'].sum():,} of {rows['cases'].sum():,} cases fail")


def sample(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return up to SAMPLE_SIZE rows, evenly spaced because the rows are sorted by label."""
    size = min(behavioral_tests.SAMPLE_SIZE, len(rows))
    positions = np.linspace(0, max(len(rows) - 1, 0), size).astype(np.int64)
    return rows[positions]


def predictors(networks: Predictor) -> dict[str, Predict]:
    """Return the function that predicts texts, for each model."""
    linear = baseline.Predictor(baseline.load(BASELINE_MODEL))

    def predict_with(name: str) -> Predict:
        single = Predictor(networks.encoding, {name: networks.networks[name]})
        return lambda texts: single.predict(texts)[name]

    def predict_with_baseline(texts: tuple[str, ...]) -> NDArray[np.float32]:
        return linear([words or [] for words in tokenizer.tokenize(texts).to_pylist()])

    return {name: predict_with(name) for name in NETWORKS} | {BASELINE: predict_with_baseline}


if __name__ == "__main__":
    stage.run(main)
