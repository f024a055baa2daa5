"""The tables of the report and the model card: their rows of formatted cells."""

from collections.abc import Mapping, Sequence
from typing import Any

from birnn.evaluation.model_names import BASELINE, comparisons, pair_title, titles
from birnn.style.formatting import (
    NOTHING,
    code,
    failures,
    number,
    paired_difference,
    table,
    with_interval,
)

MEASURES = {"loss": "loss", "roc_auc": "ROC AUC", "f1": "F1"}
# The run in the notebook that this pipeline reproduces.
NOTEBOOK = {
    "bilstm": {"accuracy": 0.8181, "loss": 0.7756},
    "bigru": {"accuracy": 0.8174, "loss": 1.0629},
}
# The settings of the networks and the baseline that params.yaml has by default.
NOTEBOOK_SETTINGS: dict[str, Any] = {
    "pad.num_words": 20_000,
    "pad.maxlen": 100,
    "pad.padding": "pre",
    "pad.truncating": "pre",
    "pad.validation": "test",
    "word_vectors.reviews": "none",
    "ngrams.longest": 0,
    "network.embedding_dim": 128,
    "network.direction": "both",
    "network.pooling": "last",
    "network.dropout": 0.5,
    "network.embedding_dropout": 0,
    "network.word_dropout": 0,
    "bilstm.units": 64,
    "bigru.units": 64,
    "train.epochs": 10,
    "train.batch_size": 256,
    "train.optimizer": "adam",
    "train.learning_rate": 0.001,
    "train.schedule": "constant",
    "train.max_gradient_norm": None,
    "train.self_training": False,
    "baseline.ngrams": 2,
}


def scores(metrics: Mapping[str, Any], notebook: Mapping[str, Any]) -> str:
    """Return the scores of all models; the notebook's follow in the next row."""
    lines = []
    for model, title in titles(metrics).items():
        lines.append([title, *_scores(metrics[model])])
        if model in notebook:
            lines.append([f"{title}, notebook", *_scores(notebook[model])])
    return table(["model", "accuracy in %", *MEASURES.values()], lines)


def _scores(measured: Mapping[str, Any]) -> list[str]:
    accuracy = with_interval(measured["accuracy"], measured.get("accuracy_interval"))
    others = (f"{measured[name]:.4f}" if name in measured else NOTHING for name in MEASURES)
    return [accuracy, *others]


def agreement(metrics: Mapping[str, Any]) -> str:
    """Return how many test reviews both, one or none of two models classify correctly."""
    pairs = comparisons(metrics) | {
        (BASELINE, other["network"]): other for other in metrics[BASELINE]["against"]
    }
    lines = [
        [
            pair_title(*pair),
            paired_difference(compared),
            *(number(count) for counts in compared["contingency"] for count in counts),
        ]
        for pair, compared in pairs.items()
    ]
    head = ["difference in points", "both correct", "only first", "only second", "neither"]
    return table(["models", *head], lines)


def behavior(checklist: Sequence[Mapping[str, Any]], metrics: Mapping[str, Any]) -> str:
    """Return the failures of each behavioral test."""
    models = titles(metrics)
    lines = [
        [
            f"{test['kind']}: {test['test']}",
            number(test["cases"]),
            *(failures(test["models"][model]) for model in models),
        ]
        for test in checklist
    ]
    return table(["test", "cases", *models.values()], lines)


def calibration(metrics: Mapping[str, Any]) -> str:
    """Return the calibration of each model before and after temperature scaling."""
    heads = {"ece": "ECE", "ece_scaled": "ECE, scaled"}
    heads |= {"loss": "loss", "loss_scaled": "loss, scaled", "temperature": "temperature"}
    lines = []
    for model, title in titles(metrics).items():
        values = map(metrics[model].get, heads)
        lines.append([title, *(NOTHING if value is None else f"{value:.4f}" for value in values)])
    return table(["model", *heads.values()], lines)


def data(statistics: Mapping[str, tuple[str, str]], source: Mapping[str, Any], corpus: str) -> str:
    """Return statistics of both splits, and the first digits of their digests."""
    lines = [[title, *cells] for title, cells in statistics.items()]
    digests = (code(source[split]["digest"][:12]) for split in ("train", "test"))
    lines.append(["sha256, first 12 digits", *digests])
    return table([code(corpus), "training", "test"], lines)


def changed_settings(settings: Mapping[str, Any]) -> str:
    """Return the settings that differ from the notebook's, empty if none does."""
    lines = [
        [code(name), code(str(value)), code(str(settings[name]))]
        for name, value in NOTEBOOK_SETTINGS.items()
        if settings.get(name, value) != value
    ]
    return table(["setting", "notebook", "this run"], lines, left=3) if lines else ""
