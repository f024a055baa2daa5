"""The linear baseline: logistic regression on n-grams, weighted by naive Bayes or tf-idf.

Naive Bayes follows Wang and Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic
Classification", ACL 2012, section 2: a review is the set of its n-grams, each weighted by the log
ratio of its frequencies in positive and in negative reviews. The classifier on top is logistic
regression, which gives probabilities, instead of the paper's support vector machine.

With tf-idf, n-grams are weighted by scikit-learn's smooth idf, and each review has the L2 norm 1.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.sparse
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression

from birnn.baseline.settings import BaselineSettings
from birnn.core.outputs import read_json, write_json
from birnn.reviews.log_count_ratios import class_counts, log_count_ratios
from birnn.runtime.errors import InputError


@dataclass(frozen=True)
class Baseline:
    """A trained baseline."""

    longest: int  # length of the longest n-gram, in words
    ngrams: list[str]  # the n-grams, words separated by a space
    # Contribution of each n-gram to the log odds, float64, shape (n-grams,). If `squares` is given,
    # it is divided by the norm of the review.
    weights: NDArray[np.float64]
    intercept: float  # log odds of a review without any of the n-grams
    # Squared idf of each n-gram, float64, shape (n-grams,), or None without normalization.
    squares: NDArray[np.float64] | None = None

    @property
    def words(self) -> list[str]:
        """The n-grams of one word."""
        return [ngram for ngram in self.ngrams if " " not in ngram]

    @cached_property
    def _vectorizer(self) -> CountVectorizer:
        return _create_vectorizer(self.longest, vocabulary=self.ngrams)

    def predict(self, reviews: Iterable[list[str]]) -> tuple[NDArray[np.float32], int]:
        """Return the log-odds that each review is positive, and the number of n-grams found.

        The log-odds are float32, shape (reviews,).
        """
        present = self._vectorizer.transform(reviews)
        log_odds = present @ self.weights
        if self.squares is not None:
            log_odds /= norm(present @ self.squares)
        return np.asarray(log_odds + self.intercept, np.float32), present.nnz


def norm(squares: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return the L2 norms of reviews from their sums of squared idf, and 1 for a sum of 0.

    Other sums are at least 1, because idf is.
    """
    return np.sqrt(np.maximum(squares, 1.0))


def fit(reviews: Iterable[list[str]], labels: NDArray[Any], settings: BaselineSettings) -> Baseline:
    """Train the baseline on the words of reviews and their labels, which include both classes.

    A review whose label is a probability p counts as a positive review with weight p and a negative
    one with weight 1 - p.
    """
    vectorizer = _create_vectorizer(settings.ngrams, min_df=settings.min_reviews)
    try:
        present = vectorizer.fit_transform(reviews)
    except ValueError as error:
        raise InputError(
            f"baseline.min_reviews is {settings.min_reviews}: no n-gram is in that many of the "
            f"{len(labels)} training reviews; choose a smaller number"
        ) from error
    squares = None
    if settings.weighting == "tf-idf":
        transformer = TfidfTransformer()
        weighted = transformer.fit_transform(present)
        scale = transformer.idf_
        squares = scale**2
    else:
        scale = log_count_ratios(*class_counts(present, labels), settings.smoothing)
        weighted = present.multiply(scale).tocsr()
    model = LogisticRegression(C=settings.inverse_regularization, max_iter=1_000)
    uncertain = (labels > 0) & (labels < 1)
    classes = np.round(labels).astype(np.uint8)
    weights = np.where(classes, labels, 1 - labels)
    model.fit(
        scipy.sparse.vstack([weighted, weighted[uncertain]]),
        np.concatenate([classes, 1 - classes[uncertain]]),
        sample_weight=np.concatenate([weights, 1 - weights[uncertain]]),
    )
    return Baseline(
        longest=settings.ngrams,
        ngrams=vectorizer.get_feature_names_out().tolist(),
        weights=scale * model.coef_[0],
        intercept=float(model.intercept_[0]),
        squares=squares,
    )


def save(baseline: Baseline, folder: Path) -> None:
    """Write `weights.parquet` and `baseline.json`."""
    columns = {"ngram": baseline.ngrams, "weight": baseline.weights}
    if baseline.squares is not None:
        columns["square"] = baseline.squares
    pq.write_table(pa.table(columns), folder / "weights.parquet", compression="zstd")
    content = {"longest": baseline.longest, "intercept": baseline.intercept}
    write_json(folder / "baseline.json", content)


def load(folder: Path) -> Baseline:
    """Return the baseline that `save` wrote."""
    table = pq.read_table(folder / "weights.parquet")
    content = read_json(folder / "baseline.json")
    return Baseline(
        longest=content["longest"],
        ngrams=table["ngram"].to_pylist(),
        weights=table["weight"].to_numpy(),
        intercept=content["intercept"],
        squares=table["square"].to_numpy() if "square" in table.column_names else None,
    )


def _create_vectorizer(longest: int, **options: Any) -> CountVectorizer:
    """Return a vectorizer that maps lists of words to rows of n-gram indicators, 0 or 1."""
    return CountVectorizer(
        analyzer="word",
        preprocessor=list,
        tokenizer=list,
        token_pattern=None,
        ngram_range=(1, longest),
        binary=True,
        dtype=np.uint8,
        **options,
    )
