"""Write studies: their files and figures."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_scalar

from birnn.core.outputs import atomic_folder
from birnn.core.paths import STATE
from birnn.runtime.errors import InputError
from birnn.style import plotting
from birnn_lab.files_in_git import write_yaml
from birnn_lab.setting_text import as_text
from birnn_lab.studies import figure, store
from birnn_lab.studies.store import ABOUT, HELD_OUT, PREDICTIONS, REVIEWS, RUNS, Study

LOCK = STATE / "study.lock"  # held while a study is read to add runs to it
PATIENCE = 30  # seconds that another process may take to write a study


def write(
    study: Study,
    predictions: Mapping[str, pd.DataFrame],
    held_out: Mapping[str, pd.DataFrame] = {},
) -> Study:
    """Write a study (see `write_files`), and return it as it is read."""
    write_files(study, predictions, held_out)
    return store.read(study.folder)


def write_files(
    study: Study,
    predictions: Mapping[str, pd.DataFrame],
    held_out: Mapping[str, pd.DataFrame] = {},
) -> None:
    """Write the files of a study except the figure, replacing its folder.

    `predictions` are log-odds for the test reviews, one column per model, by name of the run;
    `held_out` are those for the held-out reviews, and their `label`.
    """
    present = {file.name for file in study.folder.glob("[!.]*")}
    own = {ABOUT, RUNS, REVIEWS, PREDICTIONS, HELD_OUT, f"{study.name}.png"}
    if others := sorted(present - own):
        raise InputError(
            f"{study.folder} would be replaced, and {', '.join(others)} lost: move it elsewhere"
        )
    with atomic_folder(study.folder) as part:
        write_yaml(part / ABOUT, asdict(study.about))
        (part / RUNS).write_text(to_csv(study), encoding="utf-8", newline="\n")
        if study.reviews is not None:
            study.reviews.to_parquet(part / REVIEWS, index=False, compression="zstd")
        for kind, tables in {PREDICTIONS: predictions, HELD_OUT: held_out}.items():
            for name, table in tables.items():
                file = part / kind / f"{name}.parquet"
                file.parent.mkdir(exist_ok=True)
                table.astype(np.float16).to_parquet(file, index=False, compression="zstd")


def draw(study: Study) -> None:
    """Draw the accuracies of a study."""
    plotting.save(figure.draw(study), study.folder / f"{study.name}.png")


def to_csv(study: Study) -> str:
    """Return the rows of `runs.csv`: chosen values as they are, measures with six digits."""
    texts: dict[str, Any] = {
        name: [
            None if is_scalar(value) and pd.isna(value) else as_text(value)
            for value in study.runs[name]
        ]
        for name in study.about.varied
    }
    # Otherwise, integers in a column with missing values would be floats.
    whole = study.runs.convert_dtypes().assign(**texts)
    return str(whole.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
