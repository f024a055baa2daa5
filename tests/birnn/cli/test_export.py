"""`birnn export`; tests/birnn/inference/test_onnx_model.py checks what the files predict."""

import errno
import os
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

from birnn.core.errors import InputError
from birnn.evaluation.model_names import BASELINE
from tests.birnn import small_networks
from tests.birnn.cli.conftest import Run
from tests.projects import refusal


@pytest.mark.parametrize("model", [next(iter(small_networks.LAYERS)), BASELINE])
def test_export_writes_a_model_and_its_vocabulary(tmp_path: Path, birnn: Run, model: str) -> None:
    file = tmp_path / "own name.ONNX"
    output = birnn("export", file, "--model", model)
    assert output.startswith(f"{file}: 0.0 MB; own name.json next to it")
    assert {file.name for file in tmp_path.iterdir()} == {"own name.ONNX", "own name.json"}


@pytest.mark.parametrize("name", ["a.zip", "a.html", "a"])
def test_other_formats_are_refused(tmp_path: Path, birnn: Run, name: str) -> None:
    message = refusal(birnn, "export", tmp_path / name)
    assert message.endswith("choose a name that ends in .onnx, or run birnn serve for a web page")
    assert list(tmp_path.iterdir()) == []


def test_missing_package_is_named(
    tmp_path: Path, birnn: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "birnn.inference.onnx_model", raising=False)
    monkeypatch.delattr("birnn.inference.onnx_model", raising=False)
    monkeypatch.setitem(sys.modules, "onnx", None)  # as if it were not installed
    with pytest.raises(InputError, match="onnx is not installed"):
        birnn("export", tmp_path / "a.onnx")
    assert list(tmp_path.iterdir()) == []


def test_unwritable_folder_and_full_disk_leave_nothing(
    tmp_path: Path, birnn: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The command line prints an OSError as one line.
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="/file'"):
        birnn("export", tmp_path / "file" / "a.onnx", "--model", BASELINE)
    full = Mock(side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        birnn("export", tmp_path / "a.onnx", "--model", BASELINE)
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
