"""Draw the figures, and write the report and the model card.

Reads metrics, tables in plots, data/corpus, the vocabulary and held-out rows in data/padded,
data/unlabelled/unlabelled.json, data/evaluated/costs.json and study. Writes plots/*.png,
plots/templates and report.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from birnn.core import stage
from birnn.core.outputs import read_json
from birnn.core.settings import Settings, flatten
from birnn.corpora import fallback_warning
from birnn.corpora.review import SPLITS
from birnn.evaluation.model_names import NETWORKS
from birnn.reporting import figures, model_card, plot_templates, report, svg
from birnn.studies import figure as study_figure
from birnn.studies import study as studies
from birnn.studies.study import Study
from birnn.style import plotting
from birnn.text import corpus_statistics, tokenizer
from birnn.training.splits import TRAINING

CORPUS = Path("data/corpus")
VOCABULARY = Path("data/padded/vocabulary.txt")
HELD_OUT = Path("data/padded/validation/rows.npy")
UNLABELLED = Path("data/unlabelled/unlabelled.json")
METRICS = Path("metrics/metrics.json")
CHECKLIST = Path("metrics/checklist.csv")
COSTS = Path("data/evaluated/costs.json")
PLOTS = Path("plots")
STUDIES = Path("study")
REPORT = Path("report")

DISTINCTIVE_WORDS = 10  # per class
TABLES = ("curves", "lengths", "reliability")


def main(settings: Settings) -> None:
    """Draw the figures, and write the report that contains them and the model card."""
    metrics = read_json(METRICS)
    corpus, values = metrics["corpus"], flatten(settings.model_dump())
    tables = {name: pd.read_csv(PLOTS / f"{name}.csv") for name in TABLES}
    vocabulary = tokenizer.read(VOCABULARY)
    train, test = (
        corpus_statistics.measure(CORPUS / f"{split}.parquet", vocabulary) for split in SPLITS
    )
    drawn = figures.draw(metrics, tables, settings.pad.maxlen)
    for name, figure in drawn.items():
        plotting.save(figure, PLOTS / f"{name}.png")
    plot_templates.write(PLOTS / "templates")
    matching, recipes = choose_studies(corpus, values)
    source = read_json(CORPUS / "corpus.json")
    content = {
        "metrics": metrics,
        "source": source,
        "statistics": corpus_statistics.tabulate(
            train, test, source["overlap"], settings.pad.maxlen
        ),
        "vocabulary": len(vocabulary),
        "held_out": 0 if settings.pad.validation == "test" else len(np.load(HELD_OUT)),
        "distinctive_words": corpus_statistics.find_distinctive_words(
            CORPUS / "train.parquet", vocabulary, DISTINCTIVE_WORDS
        ),
        "unlabelled": read_json(UNLABELLED),
        "costs": read_json(COSTS),
        "checklist": by_test(pd.read_csv(CHECKLIST)),
        "best_loss_epoch": best_loss_epochs(tables["curves"]),
        "settings": values,
        "studies": matching,
        "recipes": recipes,
    }
    report.write(content, draw_inline(drawn, content), REPORT)
    model_card.write(content, tables["reliability"], REPORT)
    print(f"The report is in {REPORT / 'report.md'} and {REPORT / 'report.html'}")
    fallback_warning.warn_if_fallback(corpus["name"], corpus["requested"])


def choose_studies(
    corpus: dict[str, Any], settings: dict[str, Any]
) -> tuple[list[Study], Study | None]:
    """Return the studies of this corpus and these settings, and the study of recipes."""
    found = [each for each in studies.read_all(STUDIES) if not each.about.chooses]
    recipes = [each for each in found if each.about.recipes and each.covers(corpus)]
    others = [each for each in found if not each.about.recipes and each.matches(corpus, settings)]
    return others, next(iter(recipes), None)


def draw_inline(drawn: dict[str, Figure], content: dict[str, Any]) -> dict[str, str]:
    """Return the figures of the report as SVG, by their addresses in the Markdown."""
    drawings = {f"../plots/{name}.png": svg.inline(drawn[name], name) for name in report.FIGURES}
    shown = [report.study_over_seeds(content["studies"]), content["recipes"]]
    return drawings | {
        f"../study/{study.name}/{study.name}.png": svg.inline(
            study_figure.draw(study), f"study-{study.name}"
        )
        for study in shown
        if study
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
