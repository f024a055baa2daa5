"""`birnn export` with small networks; tests/test_reader_in_browser.py opens the page."""

import re
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from birnn.cli import reader_page
from birnn.core.errors import InputError
from tests.birnn.cli.conftest import Run
from tests.birnn.predictors import gated, small_predictor

GATED = ("--network", next(iter(gated(small_predictor()).networks)))
NUMBERS = st.floats(-1e3, 1e3, width=32)


@pytest.mark.parametrize(
    ("name", "start", "hint", "written"),
    [
        ("own name.zip", b"PK", "README.txt", {"own name.zip"}),
        # It starts with the number of ONNX's format version.
        ("a.onnx", b"\x08", "a.json next to it", {"a.onnx", "a.json"}),
        ("a.HTML", b"<!doctype html>", "open it in a browser", {"a.HTML"}),
    ],
)
def test_name_decides_the_format(
    tmp_path: Path, birnn: Run, name: str, start: bytes, hint: str, written: set[str]
) -> None:
    out = birnn("export", tmp_path / name, *GATED)
    assert out.startswith(f"{tmp_path / name}: 0.0 MB; ")
    assert hint in out
    content = (tmp_path / name).read_bytes()
    assert content.startswith(start)
    assert not re.search(rb"https?:", content)
    assert {file.name for file in tmp_path.iterdir()} == written
    if name.endswith(".zip"):
        readme = zipfile.ZipFile(tmp_path / name).read("README.txt").decode()
        assert f'zipfile.ZipFile("{name}")' in readme
        assert f"TensorFlow {tf.__version__}" in readme


def test_what_cannot_be_exported_is_refused(
    tmp_path: Path, birnn: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"a\.txt is not a \.zip, \.onnx or \.html file"):
        birnn("export", tmp_path / "a.txt")
    monkeypatch.delitem(sys.modules, "birnn.inference.onnx_model", raising=False)
    monkeypatch.delattr("birnn.inference.onnx_model", raising=False)
    monkeypatch.setitem(sys.modules, "onnx", None)  # as if it were not installed
    with pytest.raises(InputError, match="onnx is not installed"):
        birnn("export", tmp_path / "a.onnx")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match=r"ngrams\.longest"):
        reader_page.render(gated(small_predictor(longest_ngram=2)))


@given(arrays(np.float32, (3, 4), elements=NUMBERS), st.sampled_from([np.int8, np.int16]))
def test_quantized_vectors_are_within_half_a_step(
    vectors: np.ndarray, dtype: type[np.signedinteger]
) -> None:
    integers, scales = reader_page.quantize(vectors, dtype)
    assert integers.dtype == dtype
    errors = np.abs(integers * scales[:, None].astype(np.float64) - vectors)
    steps = np.abs(vectors).max(axis=1, keepdims=True) / np.iinfo(dtype).max
    assert (errors <= 0.501 * steps + 1e-40).all()
