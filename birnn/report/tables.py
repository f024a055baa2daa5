"""The tables of the report and the model card: their rows of formatted cells."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from birnn.evaluation.model_names import (
    ALL_MODELS,
    BASELINE,
    TITLES,
    comparisons,
    pair_title,
)
from birnn.report.notebook import NOTEBOOK_SETTINGS
from birnn.style.formatting import (
    NOTHING,
    code,
    failures,
    number,
    paired_difference,
    table,
    with_interval,
)
from birnn_lab.studies.store import RECIPE, Study
from birnn_lab.studies.table import Row, format_difference, format_mean, gains, rows

MEASURES = {"loss": "loss", "roc_auc": "ROC AUC", "f1": "F1"}


def scores(metrics: Mapping[str, Any], notebook: Mapping[str, Any], over_seeds: Row | None) -> str:
    """Return the scores of all models; the notebook's follow in the next row."""
    lines = []
    for model, title in TITLES.items():
        mean = [_mean(over_seeds, model)] if over_seeds else []
        lines.append([title, *_scores(metrics[model], mean)])
        if model in notebook:
            lines.append([f"{title}, notebook", *_scores(notebook[model], [NOTHING] * len(mean))])
    seeds = [f"accuracy, {len(over_seeds.combination.runs)} seeds"] if over_seeds else []
    return table(["model", "accuracy in %", *seeds, *MEASURES.values()], lines)


def _scores(measured: Mapping[str, Any], mean: list[str]) -> list[str]:
    accuracy = with_interval(measured["accuracy"], measured.get("accuracy_interval"))
    others = (f"{measured[name]:.4f}" if name in measured else NOTHING for name in MEASURES)
    return [accuracy, *mean, *others]


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
    """Return the failures of each behavioral test; a model of one class passes every INV."""
    one_class = metrics["choice"]["one_class"]
    lines = [
        [
            f"{test['kind']}: {test['test']}",
            number(test["cases"]),
            *(
                "one class: not informative"
                if test["kind"] == "INV" and model in one_class
                else failures(test["models"][model])
                for model in TITLES
            ),
        ]
        for test in checklist
    ]
    return table(["test", "cases", *TITLES.values()], lines)


def calibration(metrics: Mapping[str, Any]) -> str:
    """Return the calibration of each model before and after temperature scaling."""
    titles = {"ece": "ECE", "ece_scaled": "ECE, scaled"}
    titles |= {"loss": "loss", "loss_scaled": "loss, scaled", "temperature": "temperature"}
    lines = []
    for model, title in TITLES.items():
        found = map(metrics[model].get, titles)
        lines.append([title, *(NOTHING if each is None else f"{each:.4f}" for each in found)])
    return table(["model", *titles.values()], lines)


def recipes(study: Study) -> str:
    """Return the accuracies of the networks with each recipe, its gain and its shortest time."""
    found = {row.combination.chosen[RECIPE]: row for row in rows(study)}
    gained = {gain.recipe: gain.difference for gain in gains(study)}
    lines, above = [], None
    for recipe in study.about.recipes:
        name, base, title = recipe["name"], recipe["base"], recipe["title"]
        if name in found:
            added = title if base in (None, above) else f"to {base}: {title}"
            means = [found[name].means[model].mean for model in study.networks]
            gain = gained.get(name)
            text = NOTHING if gain is None else format_difference(gain)
            minutes = found[name].combination.runs[f"{ALL_MODELS}.seconds"].min() / 60
            time = NOTHING if math.isnan(minutes) else f"{minutes:.1f}"
            lines.append([name, added, *(f"{100 * mean:.2f}" for mean in means), text, time])
            above = name
    titles = [TITLES[model] for model in study.networks]
    return table(["recipe", "adds", *titles, "gain in points", "time (min)"], lines, left=2)


def seeds_of(study: Study) -> str:
    """Return the number of seeds of each combination, as a range if it differs."""
    counts = {len(combination.runs) for combination in study.combinations()}
    return str(*counts) if len(counts) == 1 else f"{min(counts)} to {max(counts)}"


def covered_by_gains(study: Study) -> str:
    """Return what the intervals of the gains of recipes cover."""
    covered = {gain.covered for gain in gains(study)}
    return " or ".join(sorted(covered)) or "seeds"


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


def _mean(row: Row, model: str) -> str:
    return format_mean(row.means[model]) if model in row.means else NOTHING
