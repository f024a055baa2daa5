"""The tables of scores of all models, in the terminal and in the report."""

from collections.abc import Iterator, Mapping
from typing import Any

from birnn.evaluation.model_names import ALL_TITLES, titles
from birnn.evaluation.selection import main_scores
from birnn.networks.log_odds import THRESHOLD
from birnn.reviews.hold_out import FEW
from birnn.style.formatting import with_interval

HEADS = {"held_out": "accuracy", "test": "accuracy (95% interval)"}


def score_tables(metrics: Mapping[str, Any]) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Yield a title, the heads and the rows of a table for each part of the reviews, in percent."""
    corpus, rarer = metrics["corpus"], metrics["corpus"]["rarer"]
    name = corpus["classes"][rarer["label"]]
    for part in filter(rarer.__contains__, HEADS):
        reviews = f"{corpus[f'{part}_reviews']:,} {part.replace('_', '-')} reviews"
        few = " (few, so unreliable)" if rarer[part] < FEW else ""
        rows = []
        for model, title in titles(metrics, ALL_TITLES).items():
            scores = main_scores(metrics, model, part)
            threshold = metrics[model]["threshold"]
            mark = "" if threshold == THRESHOLD else f" at {threshold:.4g}"
            accuracy = with_interval(scores["accuracy"], scores.get("accuracy_interval"))
            others = (scores[measure] for measure in ("precision", "recall", "average_precision"))
            rows.append([title + mark, accuracy, *map(with_interval, others)])
        heads = ["model", HEADS[part], f"{name}: precision", "recall", "average precision"]
        yield f"{reviews}, {rarer[part]:,} of them {name}{few}, in %", heads, rows


def describe_choice(metrics: Mapping[str, Any]) -> str:
    """Return what the model that predicts by default finds among the test reviews."""
    corpus, choice = metrics["corpus"], metrics["choice"]
    measured, label = metrics[choice["model"]], corpus["rarer"]["label"]
    recalls = [measured["negative"]["recall"], measured["recall"]]
    found = {"recall": recalls[label], "false_alarms": 1 - recalls[1 - label]}
    decision = f"{ALL_TITLES[choice['model']]} at the threshold {measured['threshold']:.4g}"
    return f"{decision} {describe_detections(found, corpus['classes'][label])}."


def describe_detections(detections: Mapping[str, float], name: str) -> str:
    """Return how many texts of a class are found, and how many others are taken for it."""
    return (
        f"finds {100 * detections['recall']:.0f} of 100 texts that are {name}, with "
        f"{1_000 * detections['false_alarms']:.0f} false alarms in 1,000 others"
    )
