"""The tables of the plots."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from birnn.evaluation import plot_data
from birnn.evaluation.model_names import NETWORKS, TITLES
from birnn.reviews.corpus import CLASSES
from tests.birnn import samples


@pytest.mark.parametrize(("validation", "watched"), [("test", "test split"), (0.1, "validation")])
def test_tables_have_rows_of_each_model(validation: str | float, watched: str) -> None:
    log_odds = dict.fromkeys(TITLES, math.log(9))
    reviews = pd.DataFrame({"label": [1, 0, 1, 1], "group": range(4)} | log_odds)
    measured: dict[str, Any] = {
        name: {"by_length": [{"words": 5}], "temperature": 2, "threshold": 0.5} for name in TITLES
    }
    measured["corpus"] = {"classes": CLASSES, "validation": validation}
    tables = plot_data.tables(reviews, measured, samples.histories())
    models = {name: list(table["model"].unique()) for name, table in tables.items()}
    assert models == {name: [*TITLES] for name in tables} | {"curves": [*NETWORKS]}
    rows = {name: table[table["model"] == samples.NETWORK] for name, table in tables.items()}
    assert rows["curves"]["split"].tolist() == ["training"] * 3 + [watched] * 3
    assert rows["curves"]["accuracy"].tolist() == [0.7, 0.8, 0.9, 0.7, 0.75, 0.75]
    assert rows["curves"]["loss"].tolist() == [0.6, 0.4, 0.2, 0.6, 0.5, 0.55]
    assert rows["confusion"]["reviews"].tolist() == [0, 1, 0, 3]
    assert rows["lengths"]["words"].tolist() == [5]
    assert rows["reliability"]["calibration"].tolist() == ["raw", "scaled"]
    assert rows["reliability"]["predicted"].tolist() == pytest.approx([0.9, 0.75])


def test_written_numbers_have_four_decimals(tmp_path: Path) -> None:
    plot_data.write(pd.DataFrame({"x": [1, 2], "y": np.array([1 / 3, 1])}), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"x,y\n1,0.3333\n2,1.0000\n"
