"""The tables of the plots."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from birnn.core.settings import CLASSES
from birnn.evaluation import metrics, plot_data
from birnn.evaluation.calibration import reliability
from birnn.evaluation.model_names import NETWORKS
from tests.birnn import samples

POINTS = {
    "confusion": partial(metrics.confusion_counts, classes=CLASSES),
    "precision_recall": metrics.precision_recall_points,
    "roc": metrics.roc_points,
}


@pytest.mark.parametrize("validation", ["test", 0.1])
def test_tables_have_rows_of_each_model(validation: str | float) -> None:
    columns = samples.predictions()
    measured = samples.metrics(columns, validation=validation)
    tables = plot_data.tables(pd.DataFrame(columns), measured, samples.histories())
    labels, groups = columns["label"], columns["group"]

    def rows(name: str, **chosen: str) -> list[dict[str, object]]:
        table = tables[name]
        for column, value in chosen.items():
            table = table[table[column] == value].drop(columns=column)
        return table.to_dict("records")

    for model in samples.MODELS:
        for name, points in POINTS.items():
            assert rows(name, model=model) == points(labels, columns[model]).to_dict("records")
        assert rows("lengths", model=model) == measured[model]["by_length"]
        temperatures = {"raw": 1, "scaled": measured[model].get("temperature")}
        for calibration, temperature in temperatures.items():
            if temperature:
                curve = reliability(labels, columns[model] / temperature, groups)
                assert rows("reliability", model=model, calibration=calibration) == curve
    for model, history in samples.histories().items():
        split = "test split" if validation == "test" else "validation"
        for name, prefix in (("training", ""), (split, "val_")):
            curve = pd.DataFrame(rows("curves", model=model, split=name))
            for measure in ("accuracy", "loss"):
                assert curve[measure].tolist() == history[prefix + measure].tolist()
    assert list(tables["curves"]["model"].unique()) == [*NETWORKS]


def test_written_numbers_have_four_decimals(tmp_path: Path) -> None:
    plot_data.write(pd.DataFrame({"x": [1, 2], "y": np.array([1 / 3, 1])}), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"x,y\n1,0.3333\n2,1.0000\n"
