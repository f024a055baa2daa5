"""The influence of single words on predictions, by their place in the review.

One word at a time is replaced by an unknown one. Its influence is the absolute change of the
log-odds, in units of their standard deviation over all test reviews.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from birnn.evaluation.predictor import Predictor
from birnn.reviews import encoding
from birnn.reviews.encoding import Encoding

PARTS = 20  # of the words that the networks read, in their order
WORDS = 5  # replaced in each part of a review
BATCH = 50  # reviews
NAMED = {"first": [1], "middle": [PARTS // 2, PARTS // 2 + 1], "last": [PARTS]}


def measure(
    predictor: Predictor, chosen: Encoding, texts: Sequence[str], log_odds: pd.DataFrame
) -> pd.DataFrame:
    """Return the mean influence of the words in each part of texts, for each model.

    Only words that a model knows count. The columns are `part`, from 1 to PARTS, `influence` and
    `model`. `chosen` says which words the networks read; all models are measured on these.
    `log_odds` has a column per model, with those of all test reviews.
    """
    tables = []
    for start in range(0, len(texts), BATCH):
        tokens = predictor.tokenize(texts[start : start + BATCH])
        parts, places = [], []
        for words in tokens.to_pylist():
            read = np.array(encoding.words_read(len(words or []), chosen), int)
            picked = np.unique(np.linspace(0, len(read), PARTS * WORDS, endpoint=False, dtype=int))
            picked = picked[: len(read)]  # none of an empty text
            parts.append(picked * PARTS // max(len(read), 1) + 1)
            places.append(read[picked])
        for name, model in predictor.models.items():
            influence = np.abs(model.changes(tokens, places)) / (log_odds[name].std() or 1.0)
            columns = {"part": np.concatenate(parts), "influence": influence, "model": name}
            tables.append(pd.DataFrame(columns))
    means = pd.concat(tables).groupby(["model", "part"], sort=False)["influence"].mean()
    return means.dropna().reset_index()[["part", "influence", "model"]]


def summarize(table: pd.DataFrame, model: str) -> dict[str, float | None]:
    """Return the influence of the first, middle and last words on a model.

    It is None if no text has so many words. `table` is from `measure`.
    """
    by_part = table[table["model"] == model].set_index("part")["influence"]
    means = {name: float(by_part.reindex(parts).mean()) for name, parts in NAMED.items()}
    return {f"influence_{name}": None if np.isnan(mean) else mean for name, mean in means.items()}
