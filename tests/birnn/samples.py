"""A small evaluation of made-up predictions, computed by the code of the project."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.evaluation import held_out as held_out_scores
from birnn.evaluation import influence, plot_data, selection, summary
from birnn.evaluation.model_names import BASELINE, NETWORKS, TITLES, titles
from birnn.report.tables import NOTEBOOK_SETTINGS
from birnn.reviews import corpus_statistics
from birnn.reviews.corpus import CLASSES
from birnn.reviews.corpus_statistics import SplitStatistics
from stages import evaluate as evaluate_stage
from stages import report as report_stage

NETWORK = next(iter(NETWORKS))
MODELS = (*NETWORKS, BASELINE)
CORPUS = {"name": "imdb", "digest": "0123456789ab"}
OVERLAP = 123  # test reviews whose text is also in the training split
MEMORIZED = 280  # words; the made-up overlap with the training split has shorter reviews
SETTINGS: dict[str, Any] = NOTEBOOK_SETTINGS | {
    **{f"{network}.units": 64 for network in NETWORKS},
    "train.seed": 0,
    "train.epochs": 3,
    "report.equivalence": 0.5,
    "report.select": "auto",
    "report.threshold": None,
    "train.networks": True,
}


def predictions(reviews: int = 400, seed: int = 0, every: int = 2) -> dict[str, NDArray[Any]]:
    """Return labels, lengths, groups and the log-odds of all models, mostly correct.

    One in `every` reviews is positive.
    """
    rng = np.random.default_rng(seed)
    labels = np.arange(reviews) % every // (every - 1)
    columns = {
        name: (4.2 if name == BASELINE else 2.4) * (labels - 0.5) + rng.normal(0, 1.2, reviews)
        for name in TITLES
    }
    return {
        "label": labels.astype(np.uint8),
        "words": rng.integers(5, 900, reviews, dtype=np.int32),
        "group": np.arange(reviews, dtype=np.int32),
        **{name: column.astype(np.float32) for name, column in columns.items()},
    }


def histories() -> dict[str, pd.DataFrame]:
    """Return histories of three epochs; the second has the lowest validation loss."""
    values = {"accuracy": [0.7, 0.8, 0.9], "loss": [0.6, 0.4, 0.2]}
    watched = {"val_accuracy": [0.7, 0.75, 0.75], "val_loss": [0.6, 0.5, 0.55]}
    return dict.fromkeys(NETWORKS, pd.DataFrame({"epoch": [1, 2, 3]} | values | watched))


def costs() -> dict[str, Any]:
    """Return the content of `costs.json`."""
    network = {"parameters": 1_234_567, "recurrent_parameters": 98_816, "multiply_adds": 9_830_528}
    baseline = {"parameters": 40_000, "multiply_adds": 150}
    return {name: dict(network) for name in NETWORKS} | {BASELINE: baseline}


def metrics(
    columns: dict[str, NDArray[Any]],
    maxlen: int = 100,
    corpus: str = "imdb",
    threshold: float | None = None,
    **described: Any,
) -> dict[str, Any]:
    """Return the content of `evaluation.json`; a fraction `validation` holds reviews out."""
    table = pd.DataFrame(columns)
    about = CORPUS | {"classes": CLASSES, "majority_class_share": 0.5, "vocabulary": 88_584}
    about |= {"name": corpus, "requested": "imdb", "validation": "test"} | described
    names = ("train", "test") if about["validation"] == "test" else ("train", "held_out", "test")
    counts = {"reviews": len(table), "positive": int(table["label"].sum())}
    about |= {f"{name}_reviews": len(table) for name in names}
    about |= {"rarer": selection.rarer_class(dict.fromkeys(names, counts))}
    in_training = table["words"].to_numpy() < MEMORIZED
    table = evaluate_stage.with_networks(table)
    held_out = table if "held_out" in names else None
    decisions = evaluate_stage.decide(about, held_out, threshold)
    spent = {name: cost for name, cost in costs().items() if name in columns}
    measured = summary.summarize_models(table, spent, maxlen, in_training, decisions)
    if held_out is not None:
        rarer = about["rarer"]["label"]
        measured = held_out_scores.add_scores(measured, held_out, table, rarer, decisions)
    measured |= {"corpus": about}
    for name in titles(columns, NETWORKS):
        measured[name] |= influence.summarize(influences(), name)
    return measured | {"choice": selection.choose(measured, "auto")}


def influences() -> pd.DataFrame:
    """Return the rows of `influence.csv`, without words in the last part."""
    parts = pd.DataFrame({"part": [1, 10, 11], "influence": [0.1, 0.02, 0.04]})
    return pd.concat(parts.assign(model=name) for name in TITLES)


def checklist() -> pd.DataFrame:
    """Return the rows of `checklist.csv` for a test with cases and a test without."""
    tests = {"plain praise is positive": (60, 3, 0.05), "other first names": (0, 0, math.nan)}
    rows = [
        ("vocabulary", "MFT", test, model, *figures, math.nan, math.nan)
        for test, figures in tests.items()
        for model in TITLES
    ]
    names = "capability kind test model cases failures failure_rate low high"
    return pd.DataFrame(rows, columns=names.split())


def content(
    columns: dict[str, NDArray[Any]] | None = None,
    settings: dict[str, Any] = SETTINGS,
    **about: Any,
) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """Return the data of the report of an evaluation, and the tables of its plots.

    `about` describes the corpus.
    """
    columns = columns or predictions()
    maxlen = settings["pad.maxlen"]
    measured = metrics(columns, maxlen, **about)
    tables = plot_data.tables(pd.DataFrame(columns), measured, histories())
    tables |= {"influence": influences()}
    _, positive = measured["corpus"]["classes"]
    statistics = SplitStatistics(
        lengths=columns["words"],
        positive=int(columns["label"].sum()),
        repeated=3,
        group_sizes=np.bincount(columns["group"]),
        known_words=int(0.9 * columns["words"].sum()),
    )
    split = {"reviews": 25_000, "positive": 12_500, "groups": 3_456, "digest": "0123456789" * 6}
    return {
        "metrics": measured,
        "source": {"train": split, "test": split, "overlap": OVERLAP},
        "statistics": corpus_statistics.tabulate(statistics, statistics, OVERLAP, maxlen, positive),
        "vocabulary": 19_996,
        "held_out": 0 if measured["corpus"]["validation"] == "test" else 2_500,
        "distinctive_words": (["fine"], []),
        "unlabelled": {"reviews": 49_359, "left_out": 641},
        "costs": costs(),
        "checklist": report_stage.by_test(checklist()),
        "best_loss_epoch": report_stage.best_loss_epochs(tables["curves"]),
        "settings": settings,
    }, tables


def accuracies(
    changed: Mapping[str, float] = MappingProxyType({}), **measures: float
) -> dict[str, Any]:
    """Return metrics with accuracies, their intervals, and other measures of all models.

    The networks have 0.8, 0.82 and so on, and the baseline 0.9, unless an accuracy is `changed`.
    """
    networks = {name: 0.8 + 0.02 * index for index, name in enumerate(NETWORKS)}
    models = networks | {BASELINE: 0.9} | dict(changed)
    return {"corpus": CORPUS} | {
        model: {"accuracy": value, "accuracy_interval": [value - 0.01, value + 0.02], **measures}
        for model, value in models.items()
    }
