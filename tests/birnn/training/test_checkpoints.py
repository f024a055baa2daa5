"""Tests of checkpoints, which restore the whole state, and only for the same training."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest

from birnn.training.checkpoints import Checkpoint, Progress

PROGRESS = Progress({"loss": [0.5, 0.25]}, [1.0, 2.0])


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """Return a network with a dropout seed and an optimizer with a state."""
    layers = [keras.Input((2,)), keras.layers.Dense(100), keras.layers.Dropout(0.5)]
    model = keras.Sequential(layers)
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.optimizer.build(model.trainable_variables)
    assert model.non_trainable_variables
    return model


def state(model: keras.Model) -> list[np.ndarray]:
    return [variable.numpy() for variable in [*model.variables, *model.optimizer.variables]]


def scramble(model: keras.Model) -> None:
    for variable in [*model.variables, *model.optimizer.variables]:
        variable.assign(variable + keras.ops.ones_like(variable))


def test_checkpoint_restores_all_variables(tmp_path: Path, model: keras.Model) -> None:
    checkpoint = Checkpoint(tmp_path, [], [])
    assert checkpoint.load(model) == Progress({}, [])
    scramble(model)
    saved = state(model)
    checkpoint.save(model, PROGRESS)
    scramble(model)
    assert all((now != then).any() for now, then in zip(state(model), saved, strict=True))
    assert checkpoint.load(model) == PROGRESS
    assert all((now == then).all() for now, then in zip(state(model), saved, strict=True))
    assert PROGRESS.epochs == 2
    assert PROGRESS.after({"loss": 0.1}, 3) == Progress({"loss": [0.5, 0.25, 0.1]}, [1, 2, 3])


def test_damaged_checkpoint_is_ignored_with_a_warning(
    tmp_path: Path, model: keras.Model, capsys: pytest.CaptureFixture[str]
) -> None:
    Checkpoint(tmp_path, [], []).save(model, PROGRESS)
    (file,) = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    before = state(model)
    assert Checkpoint(tmp_path, [], []).load(model) == Progress({}, [])
    assert all((now == then).all() for now, then in zip(state(model), before, strict=True))
    assert f"warning: {file} is damaged" in capsys.readouterr().err
    # Not even a valid pickle is loaded, because it could run any program.
    np.savez(file, **{str(number): np.array([{}]) for number in range(len(before))})
    assert Checkpoint(tmp_path, [], []).load(model) == Progress({}, [])
    assert "allow_pickle=False" in capsys.readouterr().err


def test_another_training_has_another_file(
    tmp_path: Path, model: keras.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, code, target = (tmp_path / name for name in ("data", "extra.py", "checkpoints"))
    data.write_text("a")
    code.write_text("a = 1")
    extra = ModuleType("birnn.extra")
    extra.__file__ = str(code)

    def save(configuration: Any = 0) -> str:
        Checkpoint(target, [configuration], [data]).save(model, PROGRESS)
        (saved,) = target.iterdir()  # other checkpoints were deleted
        return saved.name

    names = [save(), save(configuration=1)]
    data.write_text("b")
    names.append(save())
    monkeypatch.setitem(sys.modules, "another.extra", extra)  # of another package
    assert save() == names[-1]
    monkeypatch.setitem(sys.modules, extra.__name__, extra)
    names.append(save())
    code.write_text("a = 2")
    names.append(save())
    (tmp_path / "keras-0.dist-info").mkdir()
    (tmp_path / "keras-0.dist-info" / "METADATA").write_text("Name: keras\nVersion: 0")
    monkeypatch.syspath_prepend(tmp_path)
    names.append(save())
    assert len(set(names)) == len(names)
