"""Metrics of each model, also on slices of the test reviews, and of pairs of models."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

from birnn.evaluation import calibration, intervals
from birnn.evaluation.array_types import Correct, Groups
from birnn.evaluation.metrics import compute_scores, is_correct
from birnn.evaluation.model_names import (
    ALL_NETWORKS,
    ALL_TITLES,
    BASELINE,
    INFLUENCE_PARTS,
    NETWORKS,
    PAIRS,
    pair_name,
    titles,
)
from birnn.evaluation.thresholds import Decision

DIGITS = 4
LENGTH_SLICES = 10
# What a reviewer of a change compares, of models and of pairs of networks.
REVIEWED = (
    *("accuracy", "loss", "roc_auc", "average_precision", "ece", "holdout_accuracy"),
    *(f"influence_{name}" for name in INFLUENCE_PARTS),
    *("accuracy_difference", "difference_low", "difference_high", "disagreement"),
)
# What tells a reviewer if two runs have the same reviews.
REVIEWED_CORPUS = ("name", "requested", "digest", "validation")
FEWEST = 30  # reviews of a slice; the accuracy of fewer is mostly noise

T = TypeVar("T")


def summarize_model(
    table: pd.DataFrame,
    name: str,
    decision: Decision,
    maxlen: int,
    in_training: NDArray[np.bool_],
) -> dict[str, Any]:
    """Return the metrics of one model, with intervals, and its accuracy on slices of the reviews.

    The other arguments are as in `summarize_models`; both labels occur.
    """
    columns = ("label", "words", "group", name)
    labels, lengths, groups, log_odds = (table[column].to_numpy() for column in columns)
    truncated = lengths + 1 > maxlen  # the first id marks the start of the review
    margins = decision.margins(log_odds)
    correct = is_correct(labels, margins)
    curve = calibration.reliability(labels, log_odds, groups)
    return rounded(
        {
            **compute_scores(labels, log_odds, margins),
            "ece": calibration.expected_calibration_error(curve),
            "accuracy_interval": intervals.proportion_interval(correct, groups),
            "by_truncation": by_property("truncated", truncated, correct, groups),
            "by_overlap": by_property("in_training", in_training, correct, groups),
            "by_length": list(by_length(lengths, correct, groups)),
            "threshold": decision.threshold,
        }
    )


def summarize_models(
    table: pd.DataFrame,
    costs: Mapping[str, Mapping[str, Any]],
    maxlen: int,
    in_training: NDArray[np.bool_],
    decisions: Mapping[str, Decision],
) -> dict[str, Any]:
    """Return the metrics of each model, and compare the networks and the baseline in pairs.

    Also return the scores of all networks together, by the mean of their log-odds. Only the
    baseline has metrics if no networks are trained.

    Args:
        table: one row per review with its `label`, its number of `words`, the number of its
            `group`, such as its film, and, in a column per model, the log-odds that it is
            positive.
        costs: the cost of each model, see `Predictor.predict_split`.
        maxlen: ids per review that the networks read.
        in_training: which reviews have the text of a training review, shape (reviews,).
        decisions: the decision of each model, and of all networks together.
    """
    labels, groups = table["label"].to_numpy(), table["group"].to_numpy()
    metrics: dict[str, Any] = {
        name: summarize_model(table, name, decisions[name], maxlen, in_training)
        | {"parameters": cost["parameters"]}
        for name, cost in costs.items()
    }
    correct = {
        name: is_correct(labels, decisions[name].margins(table[name].to_numpy()))
        for name in titles(table, ALL_TITLES)
    }
    networks = titles(table, NETWORKS)
    pairs = PAIRS if networks else ()
    metrics["pairs"] = {
        pair_name(*pair): _compare(correct, groups, pair, comparisons=len(pairs)) for pair in pairs
    }
    metrics[BASELINE]["against"] = [
        {"network": name} | _compare(correct, groups, (BASELINE, name)) for name in networks
    ]
    if networks:
        log_odds, decision = table[ALL_NETWORKS].to_numpy(), decisions[ALL_NETWORKS]
        scores = compute_scores(labels, log_odds, decision.margins(log_odds))
        interval = intervals.proportion_interval(correct[ALL_NETWORKS], groups)
        metrics[ALL_NETWORKS] = rounded(
            scores | {"accuracy_interval": interval, "threshold": decision.threshold}
        )
    return metrics


def for_review(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers of an evaluation that a reviewer compares in `dvc metrics diff`."""

    def shorten(measured: Mapping[str, Any]) -> dict[str, Any]:
        return {key: measured[key] for key in REVIEWED if key in measured}

    return {
        "corpus": {key: metrics["corpus"][key] for key in REVIEWED_CORPUS},
        **{name: shorten(metrics[name]) for name in ALL_TITLES if name in metrics},
        "pairs": {name: shorten(pair) for name, pair in metrics["pairs"].items()},
    }


def _compare(
    correct: Mapping[str, Correct], groups: Groups, pair: tuple[str, str], comparisons: int = 1
) -> dict[str, Any]:
    first, second = pair
    return rounded(compare(correct[first], correct[second], groups, comparisons))


def compare(
    first_correct: Correct, second_correct: Correct, groups: Groups, comparisons: int = 1
) -> dict[str, Any]:
    """Compare two models, given which reviews each classifies correctly.

    The result has the difference of accuracies, first minus second, with its 95% interval; the
    `disagreement`, which is the share of reviews with different predictions; and `contingency`,
    numbers of reviews: the first row has those that the first model classifies correctly, the first
    column those that the second classifies correctly.

    The interval uses effective numbers of reviews, divided by the design effect of the difference
    (see `intervals.design_effect`). `comparisons` is the number of pairs of models that are
    compared at once (see `intervals`).
    """
    reviews = len(first_correct)
    differences = first_correct.astype(np.int64) - second_correct
    effect = intervals.design_effect(differences - differences.mean(), groups, comparisons)
    contingency = confusion_matrix(first_correct, second_correct, labels=[True, False]).tolist()
    (_, first_only), (second_only, _) = contingency
    low, high = intervals.paired_difference_interval(
        first_only / effect, second_only / effect, reviews / effect, comparisons
    )
    return {
        "accuracy_difference": (first_only - second_only) / reviews,
        "difference_low": low,
        "difference_high": high,
        "disagreement": (first_only + second_only) / reviews,
        "contingency": contingency,
    }


def by_length(
    lengths: NDArray[np.int32], correct: Correct, groups: Groups
) -> Iterator[dict[str, Any]]:
    """Yield the accuracy for each tenth of the reviews, from the shortest to the longest.

    There are fewer slices if one would have fewer than FEWEST reviews, or if many lengths are
    equal, because reviews of equal length share a slice. A row has the words of the shortest
    (`shortest`), median (`words`) and longest review (`longest`), and the result of `_accuracy`.
    """
    for count in range(LENGTH_SLICES, 0, -1):
        ends = -(-np.arange(1, count + 1) * len(lengths) // count)
        upper_edges = np.unique(np.sort(lengths)[ends - 1])
        slice_index = np.searchsorted(upper_edges, lengths)
        if np.bincount(slice_index).min() >= FEWEST:
            break
    for number in range(len(upper_edges)):
        in_slice = slice_index == number
        words = lengths[in_slice]
        yield {
            "shortest": int(words.min()),
            "words": float(np.median(words)),
            "longest": int(words.max()),
            **_accuracy(correct[in_slice], groups[in_slice]),
        }


def by_property(
    name: str, has: NDArray[np.bool_], correct: Correct, groups: Groups
) -> list[dict[str, Any]]:
    """Return the accuracy on the reviews without, then with the named property."""
    return [
        {name: present} | _accuracy(correct[has == present], groups[has == present])
        for present in (False, True)
    ]


def _accuracy(correct: Correct, groups: Groups) -> dict[str, Any]:
    """Return the number of `reviews`, and their `accuracy` with its 95% interval.

    The accuracy and its interval are None if there are fewer than FEWEST reviews.
    """
    reviews = len(correct)
    if reviews < FEWEST:
        return {"reviews": reviews, "accuracy": None, "low": None, "high": None}
    low, high = intervals.proportion_interval(correct, groups)
    share = int(correct.sum()) / reviews
    return {"reviews": reviews, "accuracy": share, "low": low, "high": high}


def rounded(content: T) -> T:
    """Return dictionaries, lists and tuples with every float in them rounded to 4 decimals."""
    result: Any = content
    if isinstance(content, dict):
        result = {key: rounded(value) for key, value in content.items()}
    elif isinstance(content, list | tuple):
        result = [rounded(value) for value in content]
    elif isinstance(content, float):
        result = round(float(content), DIGITS)
    return result  # type: ignore[no-any-return]  # of the same type
