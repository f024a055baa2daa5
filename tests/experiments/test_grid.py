"""Grids of settings."""

from pathlib import Path

import pytest

from birnn.core.errors import InputError
from birnn.core.settings import flatten
from experiments import grid
from tests.projects import PROJECT


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)


def test_every_combination_with_all_other_settings_as_they_are() -> None:
    points = grid.points(["train.seed=0..2", "pad.maxlen=100,200", "pad.validation=test,0.1"])
    assert len(points) == 3 * 2 * 2
    assert points[0].changes == {"train.seed": 0, "pad.maxlen": 100, "pad.validation": "test"}
    assert points[-1].changes == {"train.seed": 2, "pad.maxlen": 200, "pad.validation": 0.1}
    assert points[-1].params["pad"]["maxlen"] == 200
    assert points[-1].params["network"] == grid.read()["network"]
    assert len({point.name for point in points}) == len(points)


def test_names_tell_the_settings_the_seed_last() -> None:
    (point,) = grid.points(["train.seed=3", "pad.maxlen=200"])
    assert point.name == "maxlen-200-seed-3"
    (point,) = grid.points(["train.learning_rate=1e-3"])
    assert point.params["train"]["learning_rate"] == 0.001
    assert point.name == "learning-rate-0.001"


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("train.epochs", r"'train.epochs' is no setting with values: write it as train.epochs=3,5"),
        ("train.epochs=", "is no setting with values"),
        ("epochs=3", "is no setting with values"),
        ("train.epoch=3", "the grid: train.epoch is 3: no such setting; there are seed, epochs"),
        ("training.epochs=3", "the grid: training is .*: no such setting; there are fetch, csv"),
        ("train.epochs=0", "the grid: train.epochs is 0: input should be greater than or equal"),
        ("train.epochs=3,x", "the grid: train.epochs is 'x': input should be a valid integer"),
        ("train.seed=3..1", "there is no value to run"),
    ],
)
def test_a_mistake_is_named_before_anything_runs(option: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        grid.points([option])


def test_no_options() -> None:
    with pytest.raises(InputError, match="there is no value to run"):
        grid.points([])


def test_settings_by_their_full_names() -> None:
    flat = flatten(grid.read(Path("params.yaml")))
    assert flat["train.seed"] == 0
    assert len(flat) == sum(len(section) for section in grid.read().values())
