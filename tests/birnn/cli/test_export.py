"""`birnn export` with small networks."""

import sys
from pathlib import Path

import pytest

from birnn.cli import export
from birnn.core.errors import InputError
from birnn.inference import predictor
from tests.birnn.predictors import small_predictor

PREDICTOR = small_predictor()
NAMES = list(PREDICTOR.networks)


@pytest.fixture(autouse=True)
def small_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the networks of the pipeline with small ones."""
    monkeypatch.setattr(predictor, "load_verified", lambda _: PREDICTOR)


@pytest.mark.parametrize(
    ("name", "start", "written"),
    [
        ("a.zip", b"PK", {"a.zip"}),
        ("a.onnx", b"\x08", {"a.onnx", "a.json"}),  # the number of ONNX's format version
        ("a.HTML", b"<!doctype html>", {"a.HTML"}),
    ],
)
def test_name_decides_the_format(
    tmp_path: Path, name: str, start: bytes, written: set[str]
) -> None:
    export.run(tmp_path / name, NAMES)
    assert (tmp_path / name).read_bytes().startswith(start)
    assert {file.name for file in tmp_path.iterdir()} == written


def test_other_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.txt is not a \.zip, \.onnx or \.html file"):
        export.run(tmp_path / "a.txt", NAMES)
    assert list(tmp_path.iterdir()) == []


def test_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "birnn.inference.onnx_model", raising=False)
    monkeypatch.delattr("birnn.inference.onnx_model", raising=False)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(InputError, match="onnx is not installed"):
        export.run(tmp_path / "a.onnx", NAMES)
