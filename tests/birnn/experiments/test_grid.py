"""Grids of settings."""

from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides

from birnn.core.errors import InputError
from birnn.core.overrides import literal
from birnn.core.settings import flatten
from birnn.core.yaml_files import write_yaml
from birnn.experiments import grid
from tests.projects import PROJECT


@pytest.fixture(autouse=True)
def _project_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)


def test_grid_has_every_combination() -> None:
    points = grid.points(["train.seed=0..2", "pad.maxlen=100,200", "pad.validation=test,0.1"])
    assert len(points) == 3 * 2 * 2
    assert points[0].changes == {"train.seed": 0, "pad.maxlen": 100, "pad.validation": "test"}
    assert points[-1].changes == {"train.seed": 2, "pad.maxlen": 200, "pad.validation": 0.1}
    assert points[-1].params["pad"]["maxlen"] == 200
    assert points[-1].params["network"] == grid.read()["network"]
    assert len({point.label for point in points}) == len(points)


@pytest.mark.parametrize(
    "value", [None, True, 0, 1e-05, 0.5, "max_mean", ";", "a, b", "it's", [4, 5], ["a b", "c"], "1"]
)
def test_dvc_reads_the_value_that_a_literal_stands_for(value: object, tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    write_yaml(file, {"csv": {"column": "text"}})
    apply_overrides(file, [f"csv.column={literal(value)}"])
    assert grid.read(file) == {"csv": {"column": value}}


def test_labels_end_with_the_seed() -> None:
    (point,) = grid.points(["train.seed=3", "pad.maxlen=200", "pad.seed=1"])
    assert point.label == "pad-maxlen-200-pad-seed-1-seed-3"
    (point,) = grid.points(["train.learning_rate=1e-3"])
    assert point.params["train"]["learning_rate"] == 0.001
    assert point.label == "learning-rate-0.001"


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("train.epochs", r"'train.epochs' is not a setting with values, such as train.epochs=3,5"),
        ("train.epochs=", "is not a setting with values"),
        ("epochs=3", "is not a setting with values"),
        (
            "train.epoch=3",
            "params.yaml with -S: train.epoch is 3: no such setting; choose from seed",
        ),
        (
            "training.epochs=3",
            "params.yaml with -S: training: no such section; choose from fetch, csv",
        ),
        ("bigru.units=0", "params.yaml with -S: bigru.units is 0: input should be greater"),
        ("train.epochs=0", "params.yaml with -S: train.epochs is 0: input should be greater"),
        (
            "train.epochs=3,x",
            "params.yaml with -S: train.epochs is 'x': input should be a valid integer",
        ),
        ("train.seed=3..1", "there are no values to run"),
    ],
)
def test_invalid_options_are_rejected(option: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        grid.points([option])


def test_empty_grid_is_rejected() -> None:
    with pytest.raises(InputError, match="there are no values to run"):
        grid.points([])


def test_settings_have_full_names() -> None:
    flat = flatten(grid.read(Path("params.yaml")))
    assert flat["train.seed"] == 0
    assert len(flat) == sum(len(section) for section in grid.read().values())
