"""The tables of scores of all models, in the terminal and in the report."""

from collections.abc import Iterator, Mapping
from typing import Any

from birnn.evaluation.model_names import ALL_NETWORKS, ALL_TITLES, TITLES
from birnn.evaluation.selection import main_scores
from birnn.style.formatting import with_interval

HEADS = {"held_out": "accuracy", "test": "accuracy (95% interval)"}
FEW = 50  # reviews of a class


def score_tables(metrics: Mapping[str, Any]) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Yield a title, the heads and the rows of a table for each part of the reviews, in percent."""
    corpus, rarer = metrics["corpus"], metrics["corpus"]["rarer"]
    name = corpus["classes"][rarer["label"]]
    for part in filter(rarer.__contains__, HEADS):
        reviews = f"{corpus[f'{part}_reviews']:,} {part.replace('_', '-')} reviews"
        few = " (few, so unreliable)" if rarer[part] < FEW else ""
        rows = []
        for model in (*TITLES, ALL_NETWORKS):
            scores = main_scores(metrics, model, part)
            mark = " (one class)" * (model in metrics["choice"]["one_class"])
            accuracy = with_interval(scores["accuracy"], scores.get("accuracy_interval"))
            others = (scores[measure] for measure in ("precision", "recall", "average_precision"))
            rows.append([ALL_TITLES[model] + mark, accuracy, *map(with_interval, others)])
        heads = ["model", HEADS[part], f"{name}: precision", "recall", "average precision"]
        yield f"{reviews}, {rarer[part]:,} of them {name}{few}, in %", heads, rows
