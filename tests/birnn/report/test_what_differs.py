"""The table of what differs between the networks, from runs over seeds and their predictions."""

from pathlib import Path

import numpy as np
import pandas as pd

from birnn.evaluation.model_names import INFLUENCE_PARTS, NETWORKS, PAIRS, TITLES, pair_title
from birnn.report import what_differs
from birnn_lab.studies import store, writing
from birnn_lab.studies.table import rows
from tests.birnn import samples
from tests.birnn_lab.studies.small_study import make_study

FIRST, SECOND = PAIRS[0]


def test_properties_have_a_row_each(tmp_path: Path) -> None:
    study = make_study(tmp_path / "lengths")
    study.runs[f"{FIRST}.ece"], study.runs[f"{SECOND}.ece"] = [0.2, 0.4] * 2, [0.3, 0.2] * 2
    influences = [f"{name}.influence_{part}" for name in NETWORKS for part in INFLUENCE_PARTS]
    for column in influences:
        study.runs[column] = [0.1, 0.3] * 2
    study.runs[f"{FIRST}.influence_last"] = 0.2
    generator = np.random.default_rng(0)
    predicted = generator.choice([-1.0, 1.0], (4, len(NETWORKS), 4))
    predictions = {
        name: pd.DataFrame(dict(zip(NETWORKS, values, strict=True)))
        for name, values in zip(study.runs["name"], predicted, strict=True)
    }
    writing.write_files(study, predictions)
    study = store.read(study.folder)
    costs = samples.costs()
    costs[SECOND]["multiply_adds"] = None
    compared = [(what_differs.THIS_RUN, study, rows(study)[0]), ("other", study, rows(study)[1])]
    table = what_differs.tabulate(costs, compared)
    head, _, *lines = (line.strip("| ").split(" | ") for line in table.splitlines())
    titles = [title.partition(",")[0] for title, *_ in lines]
    assert titles == sorted(titles, key=titles.index)
    assert titles.count("accuracy in %") == 2
    lines = [[line[0].removesuffix(f", {what_differs.THIS_RUN}"), *line[1:]] for line in lines]
    column = {name: [*NETWORKS].index(name) for name in (FIRST, SECOND)}
    cells = {title: [others[column[FIRST]], others[column[SECOND]]] for title, *others in lines}
    gap = head.index(pair_title(FIRST, SECOND)) + 1  # the first column has no head
    ahead = {line[0]: line[gap + 1] for line in lines}
    assert cells["parameters of the recurrent layers"] == ["98,816", "98,816"]
    assert cells["multiply-adds per review"] == ["9,830,528", "–"]
    assert cells["accuracy in %"] == ["62.50 ± 17.68"] * 2
    assert cells["expected calibration error"][0] == "0.3000 ± 0.1414"
    assert ahead["expected calibration error"] == "1 of 2"
    assert cells["influence of the last words"][0] == "0.2000 ± 0.0000"
    assert ahead["influence of the last words"] == "1 of 2"
    # Of the two seeds in the first row, reviews on which one network, or each, differs.
    first, second = (predicted[:2, column[name]] for name in (FIRST, SECOND))
    within = [100 * np.mean(each[0] != each[1]) for each in (first, second)]
    both = 50 * np.mean((first[0] != second[1]) * 1.0 + (first[1] != second[0]))
    table = what_differs.tabulate_disagreements(compared)
    head, _, line, _ = (line.strip("| ").split(" | ") for line in table.splitlines())
    titles = [TITLES[name] for name in (FIRST, SECOND)]
    kinds = [*(f"two {title}s" for title in titles), " and ".join(titles)]
    for share, kind in zip([*within, both], kinds, strict=True):
        assert line[head.index(kind)].startswith(f"{share:.2f} (")
