"""Draw the figures, and write the report and the model card.

Reads data/evaluated, plots/*.csv, study, data/corpus, and descriptions in other folders of data.
Writes plots/*.png and report.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from birnn.core import paths, stage
from birnn.core.outputs import read_json
from birnn.core.settings import Sections, flatten
from birnn.core.yaml_files import read_yaml
from birnn.evaluation.model_names import NETWORKS
from birnn.evaluation.plot_data import TRAINING
from birnn.evaluation.selection import Report
from birnn.report import documents, figures
from birnn.report.what_differs import PLANNED
from birnn.reviews import corpus_statistics, tokenizer
from birnn.reviews.corpus import SPLITS
from birnn.reviews.sequences import Pad
from birnn.runtime import terminal
from birnn.style import plotting
from birnn_lab.studies import figure as study_figure
from birnn_lab.studies import store
from birnn_lab.studies.store import Study

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
    corpus, values = metrics["corpus"], flatten(read_yaml(paths.PARAMS))
    tables = {name: pd.read_csv(file) for name, file in TABLES.items()}
    vocabulary = tokenizer.read(paths.VOCABULARY)
    train, test = (
        corpus_statistics.measure(paths.CORPUS / f"{split}.parquet", vocabulary) for split in SPLITS
    )
    drawn = figures.draw(metrics, tables, settings.pad.maxlen)
    for name, figure in drawn.items():
        plotting.save(figure, paths.PLOTS / f"{name}.png")
    studies = store.read_all()
    over_seeds = find_complete(study for study in studies if study.matches(corpus, values))
    recipes = find_recipes(studies, corpus)
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
        "settings": values,
        "over_seeds": over_seeds,
        "recipes": recipes,
        "planned": choose_planned(studies, corpus),
    }
    drawings = draw_inline(drawn, [study for study in (over_seeds, recipes) if study])
    documents.write(content, drawings, paths.REPORT)
    print(f"The report is in {paths.REPORT / 'report.md'} and {paths.REPORT / 'report.html'}")
    terminal.warn_if_fallback(corpus["name"], corpus["requested"])


def find_recipes(studies: Iterable[Study], corpus: dict[str, Any]) -> Study | None:
    """Return the study `recipes` of a corpus, None without one."""
    named = (study for study in studies if study.name == store.RECIPES and study.covers(corpus))
    return next((study for study in named if study.about.varied == [store.RECIPE]), None)


def choose_planned(studies: Sequence[Study], corpus: dict[str, Any]) -> dict[str, Study]:
    """Return the finished studies of planned comparisons that have all networks, by their labels.

    They may be on other corpora, but the first must have this one.
    """
    by_name = {study.name: study for study in studies if study.networks == list(NETWORKS)}
    found = {
        label: by_name[name]
        for name, (label, runs) in PLANNED.items()
        if name in by_name and len(by_name[name].runs) == runs
    }
    first = next(iter(found.values()), None)
    return found if first and first.covers(corpus) else {}


def find_complete(studies: Iterable[Study]) -> Study | None:
    """Return the study over seeds that has all networks, None without one."""
    return store.find_over_seeds(study for study in studies if study.networks == list(NETWORKS))


def draw_inline(drawn: Mapping[str, Figure], studies: Iterable[Study]) -> dict[str, str]:
    """Return the figures of the report as SVG, by their addresses in the Markdown."""
    by_address = {f"../plots/{name}.png": figure for name, figure in drawn.items()}
    for study in studies:
        by_address[f"../study/{study.name}/{study.name}.png"] = study_figure.draw(study)
    return {
        address: plotting.to_svg(figure, f"figure-{number}")
        for number, (address, figure) in enumerate(by_address.items())
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
