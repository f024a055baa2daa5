"""Draw the figures, and write the report and the model card.

Reads data/evaluated, plots/*.csv, data/corpus, and descriptions in other folders of data.
Writes plots/*.png and report.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from birnn.core import paths, stage
from birnn.core.outputs import read_json
from birnn.core.settings import Sections, flatten
from birnn.core.yaml_files import read_yaml
from birnn.evaluation.plot_data import TRAINING
from birnn.evaluation.selection import Report
from birnn.report import documents, figures
from birnn.reviews import corpus_statistics, tokenizer
from birnn.reviews.corpus import SPLITS
from birnn.reviews.sequences import Pad
from birnn.runtime import fallback_warning
from birnn.style import plotting

DISTINCTIVE_WORDS = 10  # per class
TABLES = {
    **{name: paths.PLOTS / f"{name}.csv" for name in ("curves", "influence")},
    **{name: paths.EVALUATED / f"{name}.csv" for name in ("checklist", "lengths", "reliability")},
}


class Settings(Sections):
    """The settings of this stage."""

    pad: Pad
    report: Report


def main(settings: Settings) -> None:
    """Draw the figures, and write the report that contains them and the model card."""
    metrics = read_json(paths.EVALUATION)
    corpus = metrics["corpus"]
    tables = {name: pd.read_csv(file) for name, file in TABLES.items()}
    vocabulary = tokenizer.read(paths.VOCABULARY)
    train, test = (
        corpus_statistics.measure(paths.CORPUS / f"{split}.parquet", vocabulary) for split in SPLITS
    )
    drawn = figures.draw(metrics, tables, settings.pad.maxlen)
    for name, figure in drawn.items():
        plotting.save(figure, paths.PLOTS / f"{name}.png")
    source = read_json(paths.CORPUS_DESCRIPTION)
    content = {
        "metrics": metrics,
        "source": source,
        "statistics": corpus_statistics.tabulate(
            train, test, source["overlap"], settings.pad.maxlen, corpus["classes"][1]
        ),
        "vocabulary": len(vocabulary),
        "held_out": 0 if settings.pad.validation == "test" else len(np.load(paths.HELD_OUT_ROWS)),
        "distinctive_words": corpus_statistics.find_distinctive_words(
            paths.TRAIN_REVIEWS, vocabulary, DISTINCTIVE_WORDS
        ),
        "unlabelled": read_json(paths.UNLABELLED_DESCRIPTION),
        "costs": read_json(paths.COSTS),
        "checklist": by_test(tables["checklist"]),
        "best_loss_epoch": best_loss_epochs(tables["curves"]),
        "settings": flatten(read_yaml(paths.PARAMS)),
    }
    documents.write(content, draw_inline(drawn), paths.REPORT)
    print(f"The report is in {paths.REPORT / 'report.md'} and {paths.REPORT / 'report.html'}")
    fallback_warning.warn_if_fallback(corpus["name"], corpus["requested"])


def draw_inline(drawn: Mapping[str, Figure]) -> dict[str, str]:
    """Return the figures as SVG, by their addresses in the Markdown."""
    return {
        f"../plots/{name}.png": plotting.to_svg(figure, f"figure-{number}")
        for number, (name, figure) in enumerate(drawn.items())
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
    best = watched.loc[watched.groupby("model", sort=False)["loss"].idxmin()]
    return dict(zip(best["model"], best["epoch"].tolist(), strict=True))


if __name__ == "__main__":
    stage.run(main, Settings)
