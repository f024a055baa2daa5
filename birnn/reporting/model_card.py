"""The model card: what the trained models are for, how accurate they are, and where they fail.

Its sections follow Mitchell et al., "Model Cards for Model Reporting", FAT* 2019. It contains no
measured times, so equal runs write equal cards.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from birnn.core.outputs import write_text
from birnn.evaluation.calibration import BINS, RAW
from birnn.evaluation.model_names import ALL_TITLES, TITLES
from birnn.evaluation.selection import default_model
from birnn.reporting import templating

# Where the texts and labels of a corpus come from. All these texts are in English.
ORIGINS = {
    "imdb": "The labels of the Large Movie Review Dataset (Maas et al. 2011) come from the "
    "authors' stars: up to 4\nof 10 are negative, 7 and more are positive. Reviews with 5 or 6 "
    "stars have no label.",
    "rotten-tomatoes": "These are short reviews by critics, labelled rotten (negative) or fresh "
    "(positive).",
}


def write(content: Mapping[str, Any], reliability: pd.DataFrame, folder: Path) -> None:
    """Write `model_card.md` to a folder, given the data of the report (see `report.write`).

    `reliability` has one row per `model`, `calibration` and bin (see `calibration.reliability`).
    """
    metrics = content["metrics"]
    card = templating.render(
        "model_card.md.j2",
        **content,
        predicts=ALL_TITLES[default := default_model(metrics)],
        default=metrics[default],
        origin=ORIGINS.get(metrics["corpus"]["name"]),
        shown=[
            test
            for test in content["checklist"]
            if any(test in tests for tests in content["failed"].values())
        ],
        fail_negation=[
            TITLES[name]
            for name, tests in content["failed"].items()
            if any(test["capability"] == "negation" for test in tests)
        ],
        overconfident=overconfident_bins(reliability),
        confidence=1 - 1 / BINS,
    )
    write_text(folder / "model_card.md", card)


def overconfident_bins(reliability: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return the bin of the highest probabilities of each overconfident model.

    A model is overconfident if its most certain predictions of both classes are wrong more often
    than predicted: in the lowest bin, the mean probability is below the interval of the share of
    positive reviews, and in the highest bin above it.
    """
    bins = {}
    raw = reliability[reliability["calibration"] == RAW]
    for name in TITLES:
        rows = raw[raw["model"] == name].sort_values("predicted")
        lowest, highest = rows.iloc[0], rows.iloc[-1]
        are_extreme = lowest["predicted"] <= 1 / BINS and highest["predicted"] > 1 - 1 / BINS
        too_low = lowest["predicted"] < lowest["low"]
        too_high = highest["predicted"] > highest["high"]
        if are_extreme and too_low and too_high:
            bins[name] = {str(key): value for key, value in highest.items()}
    return bins
