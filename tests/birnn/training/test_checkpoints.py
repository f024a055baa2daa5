"""Tests of checkpoints, which restore the whole state, and only for the same training."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from birnn.networks import network
from birnn.training import checkpoints
from birnn.training.checkpoints import Checkpoint, Progress
from tests.birnn.small_networks import build
from tests.birnn.training.test_fit import IMPROVED

PROGRESS = Progress({"loss": [0.5, 0.25]}, [1.0, 2.0])


def compiled() -> keras.Model:
    """Return a network with dropout seeds and an optimizer with a state."""
    model = build(IMPROVED.model_copy(update={"longest_ngram": 0}))
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.optimizer.build(model.trainable_variables)
    return model


def state(model: keras.Model) -> list[np.ndarray]:
    """Return the values of all variables."""
    variables = [*model.trainable_variables, *model.non_trainable_variables]
    return [variable.numpy() for variable in [*variables, *model.optimizer.variables]]


def scramble(model: keras.Model) -> None:
    """Change every variable."""
    for variable in [*model.variables, *model.optimizer.variables]:
        variable.assign(variable + keras.ops.ones_like(variable))


def test_checkpoint_restores_all_variables(tmp_path: Path) -> None:
    model = compiled()
    assert model.non_trainable_variables  # the seeds of dropout
    checkpoint = Checkpoint(tmp_path, [], [])
    scramble(model)
    saved = state(model)
    checkpoint.save(model, PROGRESS)
    scramble(model)
    assert all((now != then).any() for now, then in zip(state(model), saved, strict=True))
    assert checkpoint.load(model) == PROGRESS
    assert all((now == then).all() for now, then in zip(state(model), saved, strict=True))
    assert PROGRESS.epochs == 2
    assert PROGRESS.after({"loss": 0.1}, 3).history == {"loss": [0.5, 0.25, 0.1]}


def test_missing_checkpoint_gives_no_progress(tmp_path: Path) -> None:
    model = compiled()
    assert Checkpoint(tmp_path, [], []).load(model) == Progress({}, [])


def test_damaged_checkpoint_is_ignored_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = compiled()
    Checkpoint(tmp_path, [], []).save(model, PROGRESS)
    (file,) = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    before = state(model)
    assert Checkpoint(tmp_path, [], []).load(model) == Progress({}, [])
    assert all((now == then).all() for now, then in zip(state(model), before, strict=True))
    assert f"warning: {file} is damaged" in capsys.readouterr().err


def save_checkpoint(folder: Path, configuration: Any = 0, data: bytes = b"a") -> str:
    """Save a checkpoint and return its file name."""
    file = folder / "data"
    file.write_bytes(data)
    model = compiled()
    target = folder / "checkpoints"
    Checkpoint(target, [configuration], [file]).save(model, PROGRESS)
    (saved,) = target.iterdir()  # other checkpoints were deleted
    return saved.name


def test_another_training_has_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [
        save_checkpoint(tmp_path),
        save_checkpoint(tmp_path, configuration=1),
        save_checkpoint(tmp_path, data=b"b"),
    ]
    with monkeypatch.context() as context:
        context.setattr(checkpoints.metadata, "version", lambda _name: "0")
        names.append(save_checkpoint(tmp_path))
    with monkeypatch.context() as context:
        context.setattr(checkpoints.sys, "version", "0")
        names.append(save_checkpoint(tmp_path))
    code = tmp_path / "network.py"
    code.write_bytes(Path(network.__file__).read_bytes() + b"\n")
    with monkeypatch.context() as context:
        context.setattr(network, "__file__", str(code))
        names.append(save_checkpoint(tmp_path))
    assert len(set(names)) == len(names)
    assert save_checkpoint(tmp_path) == names[0]
