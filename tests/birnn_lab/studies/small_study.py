"""A study of two lengths and two seeds, with made-up results and predictions."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from birnn.evaluation.model_names import NETWORKS
from birnn_lab.studies.store import About, Study

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
