"""Draw the figures and write the report.

Reads metrics, plots/*.csv, data/corpus/corpus.json, what was timed and study, writes plots/*.png
and report.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from birnn.core import stage
from birnn.core.outputs import read_json
from birnn.core.settings import Settings, flatten
from birnn.corpora import fallback
from birnn.evaluation.model_names import BASELINE, NETWORKS
from birnn.reporting import figures, ladder, ladder_figure, report, study, study_figure, svg
from birnn.reporting.ladder import Ladder
from birnn.reporting.study import Study

CORPUS = Path("data/corpus/corpus.json")
METRICS = Path("metrics/metrics.json")
CHECKLIST = Path("metrics/checklist.csv")
COSTS = Path("data/evaluated/costs.json")
TIMINGS = Path("timings")
PLOTS = Path("plots")
STUDIES = Path("study")
REPORT = Path("report")

TABLES = ("confusion", "curves", "lengths", "precision_recall", "reliability", "roc")


def main(settings: Settings) -> None:
    """Write the figures, then the report that shows them."""
    metrics = read_json(METRICS)
    tables = {name: pd.read_csv(PLOTS / f"{name}.csv") for name in TABLES}
    drawn = figures.draw(metrics, tables, settings.pad.maxlen)
    for name, figure in drawn.items():
        figures.save(figure, PLOTS / f"{name}.png")
    values = flatten(settings.model_dump())
    studies = [one for one in study.read_all(STUDIES) if one.is_of(metrics["corpus"], values)]
    climbed = ladder.read(STUDIES / "ladder")
    if climbed and not climbed.is_of(metrics["corpus"]):
        climbed = None
    content = {
        "metrics": metrics,
        "source": read_json(CORPUS),
        "costs": read_json(COSTS),
        "timings": {name: read_json(TIMINGS / f"{name}.json") for name in (*NETWORKS, BASELINE)},
        "confusion": confusion_counts(tables["confusion"]),
        "checklist": by_test(pd.read_csv(CHECKLIST)),
        "best_loss_epoch": best_loss_epochs(tables["curves"]),
        "settings": values,
        "studies": studies,
        "ladder": climbed,
    }
    report.write(content, draw_inline(drawn, studies, climbed), REPORT)
    print(f"read {REPORT / 'report.md'}, or open {REPORT / 'report.html'}")
    fallback.warn_if_fallback(metrics["corpus"]["name"], metrics["corpus"]["requested"])


def draw_inline(
    drawn: dict[str, Figure], studies: Sequence[Study], climbed: Ladder | None
) -> dict[str, str]:
    """Return the figures and those of the studies as SVG, by their addresses in the report."""
    drawings = {f"../plots/{name}.png": svg.inline(figure, name) for name, figure in drawn.items()}
    for one in studies:
        drawing = svg.inline(study_figure.draw(one), f"study-{one.name}")
        drawings[f"../study/{one.name}/{one.name}.png"] = drawing
    if climbed:
        drawings["../study/ladder/ladder.png"] = svg.inline(ladder_figure.draw(climbed), "ladder")
    return drawings


def confusion_counts(table: pd.DataFrame) -> dict[str, list[int]]:
    """Return a model's true negatives, false positives, false negatives and true positives."""
    counts = table.sort_values(["actual", "predicted"], kind="stable")
    return {
        model: counts.loc[counts["model"] == model, "reviews"].tolist()
        for model in (*NETWORKS, BASELINE)
    }


def by_test(checklist: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what is known of each behavioural test, and for each model its rate of failures."""
    same = ["capability", "kind", "test", "cases"]
    return [
        dict(zip(same, test, strict=True)) | {"models": rows.set_index("model").to_dict("index")}
        for test, rows in checklist.groupby(same, sort=False)
    ]


def best_loss_epochs(curves: pd.DataFrame) -> dict[str, int]:
    """Return for each network the epoch of the least validation loss, the first of equals."""
    validation = curves[curves["split"] == "validation"]
    losses = {network: validation[validation["model"] == network] for network in NETWORKS}
    return {name: int(rows["epoch"].iloc[rows["loss"].argmin()]) for name, rows in losses.items()}


if __name__ == "__main__":
    stage.run(main)
