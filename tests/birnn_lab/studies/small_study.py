"""Studies with made-up results; the one of two lengths and two seeds has predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from birnn.evaluation.model_names import NETWORKS
from birnn_lab.studies.store import About, Study
from tests.birnn import samples

CORPUS = {"name": "mine", "digest": "0123456789ab"}
NETWORK = next(iter(NETWORKS))
SETTINGS = {"pad.maxlen": 50, "train.epochs": 3, f"{NETWORK}.units": 8}
REVIEWS = pd.DataFrame({"label": np.array([0, 1, 0, 1], np.uint8), "group": [0, 0, 1, 1]})


def make_study(folder: Path, **about: Any) -> Study:
    runs = pd.DataFrame(
        {
            "name": [f"{length}-{seed}" for length in (50, 100) for seed in (0, 1)],
            "pad.maxlen": [50, 50, 100, 100],
            "train.seed": [0, 1, 0, 1],
            **{f"{model}.accuracy": [0.5, 0.75, 0.75, 1] for model in NETWORKS},
            **{f"{model}.loss": [0.5, 0.4, 0.3, 0.2] for model in NETWORKS},
            f"{NETWORK}.holdout_accuracy": [0.6, 0.7, 0.8, 0.9],
            f"{NETWORK}.seconds": [1.5, np.nan, 2, 3],
        }
    )
    shared = {name: value for name, value in SETTINGS.items() if name != "pad.maxlen"}
    described = About("birnn study", CORPUS, ["pad.maxlen"], shared)
    return Study(folder, replace(described, **about), runs, REVIEWS)


def log_odds(study: Study) -> dict[str, pd.DataFrame]:
    generator = np.random.default_rng(0)
    return {
        name: pd.DataFrame({network: generator.normal(0, 8, 4) for network in NETWORKS})
        for name in study.runs["name"]
    }


def over_seeds(
    folder: Path = Path("study/seeds"),
    varied: Mapping[str, Sequence[Any]] = MappingProxyType({}),
    networks: Sequence[str] = (),
    recipes: Sequence[dict[str, Any]] = (),
    seeds: int = 3,
) -> Study:
    """Return a study without predictions.

    Each network is more accurate than the one before it on average, but not with seed 0.
    With every further value of what varies, all networks are 10 points more accurate.
    """
    rows = [
        dict(zip(varied, values, strict=True))
        | {"name": f"run-{step}-{seed}", "train.seed": seed, "baseline.accuracy": 0.85}
        | {
            f"{network}.{measure}": 0.7 + 0.1 * step + index * 0.01 * seed
            for index, network in enumerate(networks or NETWORKS)
            for measure in ("accuracy", "loss", "roc_auc")
        }
        for step, values in enumerate(zip(*varied.values(), strict=True) if varied else [()])
        for seed in range(seeds)
    ]
    about = About("birnn study", samples.CORPUS, list(varied), {}, list(recipes))
    table = pd.DataFrame(rows)
    return Study(folder, about, table)


def make_recipes() -> Study:
    """Return a study of recipes: a first one and two that add to it 10 and 20 points."""
    described: list[dict[str, Any]] = [
        {"name": name, "base": base, "title": f"the {name} networks", "settings": {}}
        for name, base in (("plain", None), ("pooled", "plain"), ("third", "plain"))
    ]
    names = [recipe["name"] for recipe in described]
    return over_seeds(Path("study/recipes"), varied={"recipe": names}, recipes=described)
