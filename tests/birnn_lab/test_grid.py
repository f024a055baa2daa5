"""Grids of settings."""

from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides

from birnn.core.yaml_files import read_yaml
from birnn.runtime.errors import InputError
from birnn_lab import grid
from birnn_lab.files_in_git import write_yaml
from birnn_lab.setting_text import as_text, option
from tests.birnn.samples import NETWORK

pytestmark = pytest.mark.usefixtures("settings_only")


def test_grid_has_every_combination() -> None:
    points = grid.points(["train.seed=0..2,1", "pad.maxlen=100,200", "pad.validation=test,0.1"])
    assert len(points) == len({point.label for point in points}) == 3 * 2 * 2
    assert points[0].changes == {"train.seed": 0, "pad.maxlen": 100, "pad.validation": "test"}
    assert points[-1].changes == {"train.seed": 2, "pad.maxlen": 200, "pad.validation": 0.1}
    assert points[-1].params["pad"]["maxlen"] == 200
    assert points[-1].params["network"] == grid.point({}).params["network"]


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 0.5, 1e-5, ";", ",", "|", ">0", "*.csv", "a, b", "it's", "1", "Null"),
        *([4], [4, 5], ["a b", "c"], "h\u00f4tel", "\U0001f44d", ["\U0001f44d\u200d"]),
        *("a\\b", "'\\'", "\\"),
    ],
)
def test_options_and_dvc_read_the_value_that_a_text_stands_for(value: object) -> None:
    assert grid.values(f"1,{as_text(value)},{as_text(value)}") == [1, value]
    file = Path("params.yaml")
    write_yaml(file, {"csv": {"column": "text"}})
    apply_overrides(file, [option("csv.column", value)])
    assert read_yaml(file) == {"csv": {"column": value}}


@pytest.mark.parametrize(
    ("options", "label"),
    [
        (["train.seed=3", "pad.maxlen=200", "pad.seed=1"], "pad-maxlen-200-pad-seed-1-seed-3"),
        (["csv.train=a b_c."], "csv-train-a-b-c"),
        (["csv.train=a..b.csv"], "csv-train-a-b.csv"),
        ([f"csv.train={'x' * 200}"], f"csv-train-{'x' * 140}-7514d7e"),
    ],
)
def test_labels_are_short_and_end_with_the_seed(options: list[str], label: str) -> None:
    assert [point.label for point in grid.points(options)] == [label]
    seeds = grid.points([f"csv.train={'x' * 200}", "train.seed=0..2"])
    assert len({point.label for point in seeds}) == 3


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("train.epochs=", "'train.epochs=' is not a setting with values"),
        ("train.epochs= ", "'train.epochs= ' is not a setting with values"),
        ("training.epochs=3", "with -S: training: no such section; choose from baseline, "),
        (f"{NETWORK}.units=0", f"with -S: {NETWORK}.units is 0: input should be greater"),
        ("train.epochs=3,x", "with -S: train.epochs is 'x': input should be a valid integer"),
        ("train.seed=3..1,5", r"^3\.\.1 must have its smaller end first"),
        ("train.seed=5..1005", r"^5\.\.1005 must have .* at most 1,000 values"),
        (None, "there are no values to run"),
        ("csv.positive=>0", "^>0 is not YAML: put text with special characters in quotes"),
        ("train.epochs,train.epochs=3", "a setting is given twice: train.epochs, train.epochs"),
        ("train.seed,pad.seed=3", "train.seed cannot share its values"),
        ("csv.positive='>0','<0'", "2 combinations have only 1 names: sweep them apart"),
    ],
)
def test_invalid_options_are_rejected(option: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        grid.points([option] if option else [])


def test_missing_sections_are_named() -> None:
    file = Path("params.yaml")
    no_settings = read_yaml(file) | {NETWORK: None}
    for content, problem in (
        (no_settings, f"{NETWORK} is None: input should be"),
        (None, "network is missing: field required"),
    ):
        write_yaml(file, content)
        with pytest.raises(InputError, match=f"with -S: {problem}"):
            grid.points([f"{NETWORK}.units=8"])
