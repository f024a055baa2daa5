"""The choice of the model that predicts by default."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from birnn.core.settings import Fraction, Section
from birnn.evaluation.model_names import ALL_NETWORKS, BASELINE, CHOICES, NETWORKS, titles
from birnn.runtime.errors import InputError

EQUAL = 0.4  # share of the rarer class from which the classes are about equal
HELD_OUT, AUTO = "held_out", "auto"
SELECT = "|".join((AUTO, "accuracy", "average_precision", *CHOICES))


class Report(Section):
    """The interpretation of results."""

    equivalence: float = Field(ge=0, le=100)
    select: Annotated[str, Field(pattern=f"^({SELECT})$")]
    threshold: Fraction | None


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


def is_unequal(rarer: Mapping[str, int], reviews: int) -> bool:
    """Return whether one class has so few training reviews that accuracy says little."""
    return rarer["train"] < EQUAL * reviews


def choose(metrics: Mapping[str, Any], select: str) -> dict[str, Any]:
    """Return the model that predicts by default, and the measure that chose it, if one did.

    It is the model that `select` names, or else the best on held-out reviews, the cheapest one if
    tied. Without held-out reviews nothing can be chosen, so it is the baseline.
    """
    corpus = metrics["corpus"]
    unequal = is_unequal(corpus["rarer"], corpus["train_reviews"])
    names = [*titles(metrics, (BASELINE, *NETWORKS, ALL_NETWORKS))]  # the cheapest first
    choice = {"model": BASELINE, "measure": None, "unequal": unequal}
    if select in CHOICES:
        if select not in names:
            raise InputError(f"report.select is {select}, which is not trained: set train.networks")
        return choice | {"model": select}
    if HELD_OUT not in corpus["rarer"]:
        return choice
    measure = ("average_precision" if unequal else "accuracy") if select == AUTO else select
    best = max(names, key=lambda name: main_scores(metrics, name, HELD_OUT)[measure])
    return choice | {"model": best, "measure": measure}
