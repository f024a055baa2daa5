"""The influence of single words on predictions, by their place in the review.

One word at a time is replaced by an unknown one. Its influence is the absolute change of the
log-odds, in units of their standard deviation over all test reviews.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.evaluation.model_names import INFLUENCE_PARTS
from birnn.evaluation.predictor import Predictor
from birnn.reviews import encoding
from birnn.reviews.encoding import Encoding

PARTS = 20  # of the words that the networks read, in their order
WORDS = 5  # replaced in each part of a review
BATCH = 50  # reviews


def measure(
    predictor: Predictor, scheme: Encoding, texts: Sequence[str], log_odds: pd.DataFrame
) -> pd.DataFrame:
    """Return the mean influence of the words in each part of texts, for each model.

    Only words that a model knows count; a text with few words has some of them in several parts.
    The columns are `part`, from 1 to PARTS, `influence` and `model`. `scheme` says which words the
    networks read; all models are measured on these. `log_odds` has a column per model, with those
    of all test reviews.
    """
    tables = []
    parts = np.repeat(np.arange(1, PARTS + 1), WORDS)
    for start in range(0, len(texts), BATCH):
        tokens = predictor.tokenize(texts[start : start + BATCH])
        read = [encoding.words_read(len(words or []), scheme) for words in tokens.to_pylist()]
        places = list(map(_spread, read))
        part = np.tile(parts, sum(map(bool, read)))
        for name, model in predictor.models.items():
            influence = np.abs(model.changes(tokens, places)) / (log_odds[name].std() or 1.0)
            tables.append(pd.DataFrame({"part": part, "influence": influence, "model": name}))
    means = pd.concat(tables).groupby(["model", "part"])["influence"].mean()
    return means.dropna().reset_index()[["part", "influence", "model"]]


def _spread(read: range) -> NDArray[np.int64]:
    """Return words that are evenly spread over a text, WORDS in each part; none if it is empty."""
    if not read:
        return np.zeros(0, np.int64)
    shares = (np.arange(PARTS * WORDS) + 0.5) / (PARTS * WORDS)
    return read.start + (shares * len(read)).astype(np.int64)


def summarize(table: pd.DataFrame, model: str) -> dict[str, float | None]:
    """Return the influence of the first, middle and last words on a model.

    It is None if the model knows no word there. `table` is from `measure`.
    """
    by_part = table[table["model"] == model].set_index("part")["influence"]
    means = {name: float(by_part.reindex(parts).mean()) for name, parts in INFLUENCE_PARTS.items()}
    return {f"influence_{name}": None if np.isnan(mean) else mean for name, mean in means.items()}
