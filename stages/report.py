"""Draw the figures, and write the report and the model card.

Reads metrics, plots/*.csv, data/corpus, the vocabulary and held-out rows in data/padded,
data/unlabelled/unlabelled.json, data/evaluated/costs.json and study. Writes plots/*.png,
plots/templates and report.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from birnn.core import paths, stage
from birnn.core.outputs import read_json
from birnn.core.settings import Settings, flatten
from birnn.corpora import corpus_statistics, fallback_warning
from birnn.corpora.review import SPLITS
from birnn.evaluation.model_names import BASELINE, NETWORKS
from birnn.reporting import (
    epochs_figure,
    figures,
    ladder,
    ladder_figure,
    leaderboard,
    leaderboard_figure,
    model_card,
    plot_templates,
    report,
    study,
    study_figure,
    svg,
)
from birnn.reporting.ladder import Ladder
from birnn.reporting.leaderboard import Leaderboard
from birnn.reporting.study import Study
from birnn.text import tokenizer
from birnn.training.splits import TRAINING

DISTINCTIVE_WORDS = 10  # per class


def main(settings: Settings) -> None:
    """Draw the figures, and write the report that contains them and the model card."""
    metrics = read_json(paths.METRICS)
    corpus, values = metrics["corpus"], flatten(settings.model_dump())
    tables = {file.stem: pd.read_csv(file) for file in paths.PLOTS.glob("*.csv")}
    vocabulary = tokenizer.read(paths.VOCABULARY)
    train, test = (
        corpus_statistics.measure(paths.CORPUS / f"{split}.parquet", vocabulary) for split in SPLITS
    )
    lengths = {"training": train.lengths, "test": test.lengths}
    drawn = figures.draw(metrics, tables, lengths, settings.pad.maxlen)
    for name, figure in drawn.items():
        figures.save(figure, paths.PLOTS / f"{name}.png")
    plot_templates.write(paths.PLOTS / "templates")
    studies = [each for each in study.read_all(paths.STUDIES) if each.matches(corpus, values)]
    recipes = ladder.read(paths.STUDIES / "ladder")
    if recipes and not recipes.matches(corpus):
        recipes = None
    board = leaderboard.read(paths.STUDIES / "leaderboard.csv", corpus)
    source = read_json(paths.CORPUS_DESCRIPTION)
    content = {
        "metrics": metrics,
        "source": source,
        "statistics": corpus_statistics.tabulate(
            train, test, source["overlap"], settings.pad.maxlen
        ),
        "vocabulary": len(vocabulary),
        "held_out": 0 if settings.pad.validation == "test" else len(np.load(paths.HELD_OUT_ROWS)),
        "distinctive_words": corpus_statistics.find_distinctive_words(
            paths.TRAIN_REVIEWS, vocabulary, DISTINCTIVE_WORDS
        ),
        "unlabelled": read_json(paths.UNLABELLED_DESCRIPTION),
        "costs": read_json(paths.COSTS),
        "confusion": confusion_counts(tables["confusion"]),
        "checklist": by_test(pd.read_csv(paths.CHECKLIST)),
        "best_loss_epoch": best_loss_epochs(tables["curves"]),
        "settings": values,
        "studies": studies,
        "ladder": recipes,
        "leaderboard": board,
    }
    report.write(content, draw_inline(drawn, studies, recipes, board), paths.REPORT)
    model_card.write(content, tables["reliability"], paths.REPORT)
    print(f"The report is in {paths.REPORT / 'report.md'} and {paths.REPORT / 'report.html'}")
    fallback_warning.warn_if_fallback(corpus["name"], corpus["requested"])


def draw_inline(
    drawn: dict[str, Figure],
    studies: Sequence[Study],
    recipes: Ladder | None,
    board: Leaderboard | None,
) -> dict[str, str]:
    """Return all figures of the report as SVG, by their addresses in the Markdown."""
    drawings = {f"../plots/{name}.png": svg.inline(figure, name) for name, figure in drawn.items()}
    for each in studies:
        drawing = svg.inline(study_figure.draw(each), f"study-{each.name}")
        drawings[f"../study/{each.name}/{each.name}.png"] = drawing
        if each.epochs is not None and len(each.networks) > 1:
            drawing = svg.inline(epochs_figure.draw(each.epochs), f"epochs-{each.name}")
            drawings[f"../study/{each.name}/epochs.png"] = drawing
    if recipes:
        drawings["../study/ladder/ladder.png"] = svg.inline(ladder_figure.draw(recipes), "ladder")
    if board:
        drawing = svg.inline(leaderboard_figure.draw(board), "leaderboard")
        drawings["../study/leaderboard.png"] = drawing
    return drawings


def confusion_counts(table: pd.DataFrame) -> dict[str, list[int]]:
    """Return the true negatives, false positives, false negatives, true positives per model."""
    counts = table.sort_values(["actual", "predicted"], kind="stable")
    return {
        model: counts.loc[counts["model"] == model, "reviews"].tolist()
        for model in (*NETWORKS, BASELINE)
    }


def by_test(checklist: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one entry per behavioral test, with the failure rates of all models."""
    same = ["capability", "kind", "test", "cases"]
    return [
        dict(zip(same, test, strict=True)) | {"models": rows.set_index("model").to_dict("index")}
        for test, rows in checklist.groupby(same, sort=False)
    ]


def best_loss_epochs(curves: pd.DataFrame) -> dict[str, int]:
    """Return the epoch of the lowest loss per network, except on the training reviews.

    In a tie, it is the first one.
    """
    watched = curves[curves["split"] != TRAINING]
    losses = {network: watched[watched["model"] == network] for network in NETWORKS}
    return {name: int(rows["epoch"].iloc[rows["loss"].argmin()]) for name, rows in losses.items()}


if __name__ == "__main__":
    stage.run(main)
