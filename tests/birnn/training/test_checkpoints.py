"""Tests of checkpoints, which restore all arrays, and only for the same training."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from birnn.training.checkpoints import Checkpoint

STATE = [np.arange(200.0), np.array(3, np.int64), np.zeros((2, 3), np.float32)]
EPOCHS = [{"loss": 0.5, "seconds": 1.0}, {"loss": 0.25, "seconds": 2.0}]


@pytest.fixture(autouse=True)
def _few_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the modules that other tests have imported."""
    for name in [name for name in sys.modules if name.startswith("birnn.")]:
        monkeypatch.delitem(sys.modules, name)


def test_checkpoint_restores_all_arrays(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path, [], [])
    assert checkpoint.load() == ([], [])
    checkpoint.save(STATE, EPOCHS)
    arrays, epochs = checkpoint.load()
    assert epochs == EPOCHS
    assert [array.tolist() for array in arrays] == [array.tolist() for array in STATE]
    assert [array.dtype for array in arrays] == [array.dtype for array in STATE]


def test_damaged_checkpoint_is_ignored_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Checkpoint(tmp_path, [], []).save(STATE, EPOCHS)
    (file,) = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert Checkpoint(tmp_path, [], []).load() == ([], [])
    assert f"warning: {file} is damaged" in capsys.readouterr().err
    # Not even a valid pickle is loaded, because it could run any program.
    np.savez(file, np.array([{}]), epochs=np.array("[]"))
    assert Checkpoint(tmp_path, [], []).load() == ([], [])
    assert "allow_pickle=False" in capsys.readouterr().err


def test_another_training_has_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, code, target = (tmp_path / name for name in ("data", "extra.py", "checkpoints"))
    data.write_text("a")
    code.write_text("a = 1")
    extra = ModuleType("birnn.extra")
    extra.__file__ = str(code)

    def save(configuration: Any = 0) -> str:
        Checkpoint(target, [configuration], [data]).save(STATE, EPOCHS)
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
    monkeypatch.setitem(sys.modules, "birnn.runtime.extra", extra)
    assert save() == names[-1]
    (tmp_path / "keras-0.dist-info").mkdir()
    (tmp_path / "keras-0.dist-info" / "METADATA").write_text("Name: keras\nVersion: 0")
    monkeypatch.syspath_prepend(tmp_path)
    names.append(save())
    assert len(set(names)) == len(names)
