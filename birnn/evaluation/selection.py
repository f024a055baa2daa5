"""The choice of the model that predicts by default."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from birnn.core.settings import Section
from birnn.evaluation.model_names import ALL_NETWORKS, BASELINE, NETWORKS

RARE = 0.2  # share of the rarer class below which accuracy says little
HELD_OUT = "held_out"


class Report(Section):
    """The interpretation of results."""

    equivalence: float = Field(ge=0, le=100)
    select: Literal["auto", "accuracy", "average_precision"]


def rarer_class(parts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Return the `label` of the rarer class of `train`, and its number of reviews in each part.

    In a tie, it is the positive class. A part has its numbers of `reviews` and `positive` ones.
    """
    positive = {part: counts["positive"] for part, counts in parts.items()}
    negative = {part: counts["reviews"] - positive[part] for part, counts in parts.items()}
    label = int(positive["train"] <= negative["train"])
    return {"label": label} | (positive if label else negative)


def main_scores(metrics: Mapping[str, Any], model: str, part: str) -> dict[str, Any]:
    """Return a model's accuracy, and precision, recall and average precision of the rarer class."""
    measured = metrics[model]
    if part == HELD_OUT:
        return {"accuracy": measured["holdout_accuracy"], **measured["holdout_rarer"]}
    others = {} if metrics["corpus"]["rarer"]["label"] else measured["negative"]
    return {**measured, **others}


def choose(metrics: Mapping[str, Any], select: str, one_class: list[str]) -> dict[str, Any]:
    """Return the model that predicts by default, and the measure that `select` means.

    It is the best model on held-out reviews, the cheapest one if tied: the baseline, a network, or
    all networks. Without held-out reviews, it is all networks, else the baseline. The models
    `one_class`, which predict only one class, are chosen only if all do.
    """
    corpus, measure = metrics["corpus"], select
    is_rare = corpus["rarer"]["train"] < RARE * corpus["train_reviews"]
    if select == "auto":
        measure = "average_precision" if is_rare else "accuracy"
    if HELD_OUT in corpus["rarer"]:
        names = (BASELINE, *NETWORKS, ALL_NETWORKS)  # the cheapest first
        measured = {name: main_scores(metrics, name, HELD_OUT)[measure] for name in names}
    else:
        measured = dict.fromkeys((ALL_NETWORKS, BASELINE), 0)
    best = max(measured, key=lambda name: (name not in one_class, measured[name]))
    return {"model": best, "measure": measure, "one_class": one_class, "is_rare": is_rare}
