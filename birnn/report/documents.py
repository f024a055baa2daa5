"""The report, in Markdown for pull requests and as an HTML page, and the model card.

The sections of the model card follow Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from birnn.core.outputs import write_text
from birnn.evaluation.behavioral_tests import TOLERANCE
from birnn.evaluation.model_names import ALL_TITLES, NETWORKS, titles
from birnn.evaluation.plot_data import TEST
from birnn.report import page, sentences, tables
from birnn.reviews.corpus import CLASSES
from birnn.style.formatting import code
from birnn.style.scores import describe_choice, score_tables

MOST = 0.5  # a model fails a behavioral test in most cases if more than this share fail
SUBJECTS = {
    "imdb": "IMDB film reviews",
    "rotten-tomatoes": "Rotten Tomatoes film reviews",
}
# The origin of the texts and labels of a corpus. All these texts are in English.
ORIGINS = {
    "imdb": "The labels of the Large Movie Review Dataset (Maas et al. 2011) come from the "
    "authors' stars: up to 4\nof 10 are negative, 7 and more are positive. Reviews with 5 or 6 "
    "stars have no label.",
    "rotten-tomatoes": "These are short reviews by critics, labelled rotten (negative) or fresh "
    "(positive).",
}


def write(content: Mapping[str, Any], drawings: Mapping[str, str], folder: Path) -> None:
    """Write `report.md`, `report.html`, which contains its figures, and `model_card.md`.

    `stages.report` collects the `content`. `drawings` has an `svg` element per figure of the
    report, by its address in the Markdown.
    """
    metrics = content["metrics"]
    models = titles(metrics)
    values = {
        **content,
        **_corpus_values(metrics["corpus"]),
        **_score_values(metrics, models),
        **_failures(content["checklist"], models),
        "describe_choice": describe_choice,
        "score_tables": score_tables,
        "sentences": sentences,
        "tables": tables,
        "titles": models,
        "networks": titles(metrics, NETWORKS),
        "changed": tables.changed_settings(content["settings"]),
        "thresholds": {name: metrics[name]["threshold"] for name in models},
        "tolerance": TOLERANCE,
    }
    report = page.add_contents(page.fill("report.md.j2", **values))
    write_text(folder / "report.md", report)
    write_text(folder / "report.html", page.render(report, drawings))
    write_text(folder / "model_card.md", page.fill("model_card.md.j2", **values))


def _corpus_values(corpus: Mapping[str, Any]) -> dict[str, Any]:
    name, (negative, positive) = corpus["name"], corpus["classes"]
    subject = SUBJECTS.get(name, f"the texts in {code(name)}")
    is_sentiment = (negative, positive) == CLASSES
    return {
        "subject": subject,
        "heading": f"Sentiment of {subject}"
        if is_sentiment
        else f"{positive} or {negative}? {subject[0].upper()}{subject[1:]}",
        "origin": ORIGINS.get(name),
        "notebook": tables.NOTEBOOK if name == "imdb" else {},
        "watched": TEST if corpus["validation"] == "test" else "held-out reviews",
    }


def _score_values(metrics: Mapping[str, Any], models: Iterable[str]) -> dict[str, Any]:
    default = metrics["choice"]["model"]
    return {
        "accuracies": {name: metrics[name]["accuracy"] for name in models if name in NETWORKS},
        "short": {name: metrics[name]["by_truncation"][0]["accuracy"] for name in models},
        "without_copies": {name: metrics[name]["by_overlap"][0]["accuracy"] for name in models},
        "calibration_errors": {name: metrics[name]["ece"] for name in models},
        "predicts": ALL_TITLES[default],
        "default": metrics[default],
    }


def _failures(checklist: Sequence[Mapping[str, Any]], models: Mapping[str, str]) -> dict[str, Any]:
    """Return which tests each model fails in most cases, and who fails negation."""
    failed = {
        name: [test for test in checklist if test["models"][name]["failure_rate"] > MOST]
        for name in models
    }
    return {
        "failed": failed,
        "shown": [test for test in checklist if any(test in tests for tests in failed.values())],
        "fail_negation": [
            models[name]
            for name, tests in failed.items()
            if any(test["capability"] == "negation" for test in tests)
        ],
    }
