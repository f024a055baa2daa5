"""Write studies: their files and figures."""

import re
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import pandas as pd

from birnn.core.outputs import atomic_folder
from birnn.core.paths import STATE
from birnn.evaluation.model_names import ALL_TITLES
from birnn.runtime.errors import InputError
from birnn.style import plotting
from birnn_lab.files_in_git import write_yaml
from birnn_lab.studies import curves, figure, store
from birnn_lab.studies.store import ABOUT, FOLDER, PREDICTIONS, REVIEWS, RUNS, Study

NAME = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
TRIED = "tried"  # name of the study of all settings that were compared
CHOOSING_MEASURES = {"holdout_accuracy", "seconds"}  # of a study that serves to choose
MOST_ROWS = 20  # of a figure
LOCK = STATE / "study.lock"  # held while a study is read to add runs to it
PATIENCE = 30  # seconds that another process may take to write a study


def check_name(name: str) -> None:
    """Check that a name can be a folder in `study`."""
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name!r} is not a valid name of a study: use letters, digits and hyphens"
        )
    if name == TRIED:
        raise InputError(f"{FOLDER / TRIED} is the log of birnn tried: choose another name")


def write(study: Study, predictions: Mapping[str, pd.DataFrame]) -> Study:
    """Write a study (see `write_files`), draw its figure, and return the study as it is read."""
    write_files(study, predictions)
    written = store.read(study.folder)
    draw(written)
    return written


def write_files(study: Study, predictions: Mapping[str, pd.DataFrame]) -> None:
    """Write the files of a study except the figure, replacing its folder.

    If settings are chosen by it, only measures of held-out reviews are written. `predictions` are
    log-odds for the test reviews, one column per model, by name of the run.
    """
    runs = study.runs
    if study.about.chooses:
        varied = study.about.varied
        runs = runs[[name for name in map(str, runs) if name in varied or _may_choose(name)]]
    present = {file.name for file in study.folder.glob("[!.]*")}
    own = {ABOUT, RUNS, REVIEWS, PREDICTIONS, f"{study.name}.png"}
    if others := sorted(present - own):
        raise InputError(
            f"{study.folder} would be replaced, and {', '.join(others)} lost: move it elsewhere"
        )
    with atomic_folder(study.folder) as part:
        write_yaml(part / ABOUT, asdict(study.about))
        (part / RUNS).write_text(to_csv(runs), encoding="utf-8", newline="\n")
        if study.reviews is not None:
            study.reviews.to_parquet(part / REVIEWS, index=False, compression="zstd")
        for name, table in predictions.items():
            file = part / PREDICTIONS / f"{name}.parquet"
            file.parent.mkdir(exist_ok=True)
            table.astype(np.float16).to_parquet(file, index=False, compression="zstd")


def draw(study: Study) -> None:
    """Draw the curves of a study if it has any, or else its rows if there are few enough."""
    drawn = curves.draw(study)
    if not drawn and len(study.combinations()) <= MOST_ROWS:
        drawn = figure.draw(study)
    if drawn:
        plotting.save(drawn, study.folder / f"{study.name}.png")


def to_csv(table: pd.DataFrame) -> str:
    """Return rows as in `runs.csv`."""
    # Otherwise, integers in a column with missing values would be floats.
    whole = table.convert_dtypes()
    return str(whole.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def _may_choose(column: str) -> bool:
    """Return whether a column of `runs.csv` has no result of the test split."""
    model, _, measure = column.partition(".")
    return model not in ALL_TITLES or measure in CHOOSING_MEASURES
