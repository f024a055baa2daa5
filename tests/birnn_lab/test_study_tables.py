"""The tables of a study; `tests/test_docs.py` checks the ones of the studies in git."""

from pathlib import Path

import numpy as np
import pandas as pd

from birnn.evaluation.model_names import NETWORKS, PAIRS, TITLES
from birnn_lab import study_tables
from birnn_lab.studies import store, writing
from birnn_lab.studies.table import rows
from tests.birnn_lab.studies.small_study import make_study

FIRST, SECOND = PAIRS[0]


def test_measures_and_disagreement_have_a_row_each(tmp_path: Path) -> None:
    study = make_study(tmp_path / "lengths")
    for name in NETWORKS:
        study.runs[f"{name}.ece"] = [0.2, 0.4] * 2
        study.runs[f"{name}.influence_last"] = [0.1, np.nan] * 2
    study.runs[f"{SECOND}.ece"] = [0.3, 0.2] * 2
    predicted = np.random.default_rng(0).choice([-1.0, 1.0], (4, len(NETWORKS), 4))
    predictions = {
        name: pd.DataFrame(dict(zip(NETWORKS, values, strict=True)))
        for name, values in zip(study.runs["name"], predicted, strict=True)
    }
    writing.write_files(study, predictions)
    study = store.read(study.folder)
    row = rows(study)[0]
    lines = {title: cells for title, *cells in study_tables.compare(study, row)}
    assert [*lines] == ["accuracy in %", "loss in nats", "ROC AUC", "expected calibration error"]
    correct = 100 * ((predicted[:2, 0] > 0) == study.reviews["label"].to_numpy()).mean(axis=1)
    assert lines["accuracy in %"][0] == f"{correct.mean():.2f} ± {correct.std(ddof=1):.2f}"
    calibration = lines["expected calibration error"]
    assert calibration[0] == "0.3000 ± 0.1414"
    assert (calibration[len(NETWORKS) + 1], calibration[-1]) == ("1 of 2", "seeds")
    # Reviews on which the runs of two different seeds differ.
    shares = study_tables.disagreements(study, row)
    for pair in ((FIRST, FIRST), (FIRST, SECOND)):
        one, other = (predicted[:2, [*NETWORKS].index(name)] for name in pair)
        share = 50 * np.mean((one[0] != other[1]) * 1.0 + (one[1] != other[0]))
        title = " and ".join(TITLES[name] for name in pair)
        assert shares[title].startswith(f"{share:.2f} (")
