"""A small evaluation of made-up predictions, computed by the code of the project."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.corpora import corpus_statistics
from birnn.corpora.corpus_statistics import DistinctiveWord, SplitStatistics
from birnn.evaluation import plot_data, summary, temperature
from birnn.evaluation.model_names import BASELINE, NETWORKS
from birnn.evaluation.predictions import Predictions
from birnn.experiments.runs import Run
from birnn.reporting import figures, report
from birnn.studies.store import About, Study
from stages import report as report_stage

MODELS = (*NETWORKS, BASELINE)
OVERLAP = 123  # test reviews whose text is also in the training split
MEMORIZED = 280  # words; the made-up overlap with the training split has shorter reviews
SETTINGS = {
    "pad.maxlen": 100,
    "pad.num_words": 20_000,
    "pad.truncating": "pre",
    "word_vectors.reviews": "none",
    "network.embedding_dim": 128,
    "ngrams.longest": 0,
    **{f"{network}.units": 64 for network in NETWORKS},
    "train.seed": 0,
    "train.epochs": 3,
    "train.batch_size": 256,
    "train.optimizer": "adam",
    "train.learning_rate": 0.001,
    "train.schedule": "constant",
    "train.adversarial_norm": 0,
    "train.self_training": False,
    "baseline.ngrams": 2,
    "report.equivalence": 0.5,
}


def predictions(reviews: int = 400, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Return labels, lengths, groups and the log-odds of all models, mostly correct."""
    rng = np.random.default_rng(seed)
    labels = np.arange(reviews) % 2
    columns = {
        name: 6 * (0.7 if name == BASELINE else 0.4) * (labels - 0.5) + rng.normal(0, 1.2, reviews)
        for name in MODELS
    }
    return {
        "label": labels.astype(np.uint8),
        "words": rng.integers(5, 900, reviews, dtype=np.int32),
        "group": np.arange(reviews, dtype=np.int32),
        **{name: column.astype(np.float32) for name, column in columns.items()},
    }


def study(
    folder: Path = Path("study/seeds"),
    gain: float = 0.01,
    varied: Mapping[str, Sequence[Any]] = MappingProxyType({}),
    networks: Sequence[str] = tuple(NETWORKS),
    recipes: Sequence[dict[str, Any]] = (),
    seeds: int = 3,
) -> Study:
    """Return a study without predictions.

    Each network is more accurate than the one before it, by `gain` on average, but not with seed 0.
    With every further value of what varies, all networks are 10 points more accurate.
    """
    rows = [
        dict(zip(varied, values, strict=True))
        | {"name": f"run-{step}-{seed}", "train.seed": seed, "baseline.accuracy": 0.85}
        | {
            f"{network}.{measure}": 0.7 + 0.1 * step + index * gain * seed
            for index, network in enumerate(networks)
            for measure in ("accuracy", "loss", "roc_auc")
        }
        for step, values in enumerate(zip(*varied.values(), strict=True) if varied else [()])
        for seed in range(seeds)
    ]
    corpus = {"name": "imdb", "train_reviews": 25_000, "test_reviews": 400, "vocabulary": 88_584}
    about = About("birnn study", corpus, list(varied), {}, list(recipes))
    table = pd.DataFrame(rows)
    return Study(folder, about, table, table[:0])


def recipes(networks: Sequence[str] = tuple(NETWORKS)) -> Study:
    """Return a study of two recipes: the second adds 10 points."""
    described: list[dict[str, Any]] = [
        {"name": "plain", "base": None, "title": "the plain networks", "settings": {}},
        {"name": "pooled", "base": "plain", "title": "maximum and mean", "settings": {}},
    ]
    names = {"recipe": [recipe["name"] for recipe in described]}
    return study(Path("study/recipes"), varied=names, networks=networks, recipes=described)


def histories() -> dict[str, pd.DataFrame]:
    """Return histories of three epochs; the second has the lowest validation loss."""
    history = pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "accuracy": [0.7, 0.8, 0.9],
            "loss": [0.6, 0.4, 0.2],
            "val_accuracy": [0.7, 0.75, 0.74],
            "val_loss": [0.6, 0.5, 0.55],
        }
    )
    return dict.fromkeys(NETWORKS, history)


def costs() -> dict[str, Any]:
    """Return the content of `costs.json`."""
    network = {
        "parameters": 1_234_567,
        "recurrent_parameters": 98_816,
        "multiply_adds": 9_830_528,
    }
    baseline = {"parameters": 40_000, "multiply_adds": 150}
    return dict.fromkeys(NETWORKS, network) | {BASELINE: baseline}


def metrics(
    columns: dict[str, NDArray[Any]], maxlen: int = 100, corpus: str = "imdb", **described: Any
) -> dict[str, Any]:
    """Return the content of `metrics.json`."""
    table = pd.DataFrame(columns)
    predicted = {name: Predictions(table[name].to_numpy(), costs()[name]) for name in MODELS}
    about: dict[str, Any] = {
        "name": corpus,
        "requested": "imdb",
        "train_reviews": 25_000,
        "test_reviews": len(table),
        "vocabulary": 88_584,
        "validation": "test",
        **described,
    }
    measured = summary.summarize_models(table, predicted, histories(), maxlen)
    in_training = table["words"].to_numpy() < MEMORIZED
    for name, accuracies in summary.by_overlap(table, in_training).items():
        measured[name]["by_overlap"] = accuracies
    if about["validation"] != "test":
        held_out = pd.DataFrame(predictions(seed=1))
        measured = temperature.add_scaled(measured, held_out, table)
    return {"corpus": about} | measured


def tables(columns: dict[str, NDArray[Any]], measured: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Return the tables of the plots."""
    return plot_data.tables(pd.DataFrame(columns), measured, histories())


def checklist() -> pd.DataFrame:
    """Return the rows of `checklist.csv` for a test with cases and a test without."""
    rows = []
    for test, cases in (("plain praise is positive", 60), ("people get other first names", 0)):
        for model in MODELS:
            figures = (3, 0.05) if cases else (0, math.nan)
            rows.append(("vocabulary", "MFT", test, model, cases, *figures, math.nan, math.nan))
    names = "capability kind test model cases failures failure_rate low high"
    return pd.DataFrame(rows, columns=names.split())


def content(
    columns: dict[str, NDArray[Any]],
    settings: dict[str, Any] = SETTINGS,
    studies: Sequence[Study] = (),
    recipes: Study | None = None,
    **about: Any,
) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """Return the data of the report of an evaluation, and the tables of the plots."""
    measured = metrics(columns, settings["pad.maxlen"], **about)
    rows = tables(columns, measured)
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
        "statistics": corpus_statistics.tabulate(
            statistics, statistics, OVERLAP, settings["pad.maxlen"]
        ),
        "vocabulary": 19_996,
        "held_out": 0 if measured["corpus"]["validation"] == "test" else 2_500,
        "distinctive_words": [DistinctiveWord("fine", 0.25, 0.125)],
        "unlabelled": {"reviews": 0, "left_out": 0},
        "costs": costs(),
        "checklist": report_stage.by_test(checklist()),
        "best_loss_epoch": report_stage.best_loss_epochs(rows["curves"]),
        "settings": settings,
        "studies": studies,
        "recipes": recipes,
    }, rows


def write_report(
    folder: Path,
    columns: dict[str, NDArray[Any]],
    settings: dict[str, Any] = SETTINGS,
    *,
    draw: bool = True,
    **options: Any,
) -> tuple[str, str]:
    """Write the report of an evaluation; return its Markdown and its HTML.

    The options are those of `content`. Without `draw`, which takes most of the time, figures are
    empty.
    """
    data, rows = content(columns, settings, **options)
    drawings: dict[str, str] = defaultdict(lambda: "<svg></svg>")
    if draw:
        drawn = figures.draw(data["metrics"], rows, settings["pad.maxlen"])
        drawings |= report_stage.draw_inline(drawn, data)
    report.write(data, drawings, folder / "report")
    names = ("report.md", "report.html")
    markdown, html = ((folder / "report" / name).read_text(encoding="utf-8") for name in names)
    return markdown, html


def run(
    name: str, settings: dict[str, Any] = SETTINGS, metrics: dict[str, Any] | None = None
) -> Run:
    """Return a finished experiment with settings by full name; by default no reviews are held out.

    Without `metrics`, the measures are those of `accuracies`.
    """
    params: dict[str, dict[str, Any]] = {}
    for key, value in settings.items():
        section, setting = key.split(".")
        params.setdefault(section, {})[setting] = value
    lock: dict[str, Any] = {"stages": {}}
    measured = metrics or accuracies()
    return Run(name, f"revision of {name}", "0123456789ab", params, measured, lock)


def accuracies(
    changed: Mapping[str, float] = MappingProxyType({}), **measures: float
) -> dict[str, Any]:
    """Return metrics with accuracies, their intervals, and other measures of all models.

    The networks have 0.8, 0.82 and so on, and the baseline 0.9, unless an accuracy is `changed`.
    """
    networks = {name: 0.8 + 0.02 * index for index, name in enumerate(NETWORKS)}
    models = networks | {BASELINE: 0.9} | dict(changed)
    corpus = {"name": "imdb", "train_reviews": 25_000, "test_reviews": 400, "vocabulary": 88_584}
    return {"corpus": corpus} | {
        model: {"accuracy": value, "accuracy_interval": [value - 0.01, value + 0.02], **measures}
        for model, value in models.items()
    }
