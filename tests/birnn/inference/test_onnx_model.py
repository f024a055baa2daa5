"""The ONNX model and the JSON file next to it predict as the project does."""

import re
import runpy
from itertools import product
from pathlib import Path
from typing import get_args

import keras
import numpy as np
import onnx
import pytest

from birnn.core.errors import InputError
from birnn.core.settings import Pooling, Side
from birnn.inference import onnx_model
from birnn.inference.predictor import COMBINED, Predictor
from birnn.networks.decision import combine, probability
from tests.birnn.odd_texts import LANGUAGES, ODD, UNICODE
from tests.birnn.predictors import gated, small_predictor
from tests.projects import PROJECT

LONG = "A good film, and isn't the bad film naïve? Good! The good, the bad and a film. "
REVIEWS = ["A good film.", "", "zxqv", LONG, 9 * LONG, "日本語\u00a0film", "\x00 good"]
REVIEWS += [f"good{odd}film{odd}BAD" for odd in ODD]
LAYOUTS = [*product(get_args(Side), get_args(Side), get_args(Pooling))]


PREDICTOR = gated(small_predictor())


def python_example() -> str:
    """Return the first Python block of the docs that loads an ONNX model."""
    page = (PROJECT / "docs" / "predictions.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    return next(block for block in blocks if "onnxruntime" in block)


@pytest.mark.parametrize(("padding", "truncating", "pooling"), LAYOUTS)
def test_example_in_the_docs_predicts_the_same(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    padding: Side,
    truncating: Side,
    pooling: Pooling,
) -> None:
    monkeypatch.chdir(tmp_path)
    longest = 3 if truncating == "pre" else 0
    layout = {"padding": padding, "truncating": truncating, "pooling": pooling}
    reviews, options = (REVIEWS, {}) if padding == "pre" else ([*LANGUAGES], UNICODE)
    predictor = gated(small_predictor(**layout, longest_ngram=longest, **options))
    onnx_model.write(predictor, Path("birnn.onnx"))
    onnx.checker.check_model("birnn.onnx", full_check=True)
    Path("example.py").write_text(python_example(), encoding="utf-8")
    example = runpy.run_path("example.py")
    exported = example["predict"](reviews)
    log_odds = predictor.predict(reviews)
    expected = log_odds | {COMBINED: combine(list(log_odds.values()))}
    assert exported.keys() == expected.keys()
    for name, odds in expected.items():
        assert np.ptp(odds) > 0.1
        assert np.abs(exported[name] - probability(odds)).max() <= 1e-5
    # Equal networks give equal bytes, and an equal table of n-grams is stored once per length.
    written = Path("birnn.onnx").read_bytes()
    onnx_model.write(predictor, Path("birnn.onnx"))
    assert Path("birnn.onnx").read_bytes() == written
    nodes = onnx.load("birnn.onnx").graph.node
    assert [node.op_type for node in nodes].count("LabelEncoder") == longest


def test_other_layers_are_refused(tmp_path: Path) -> None:
    embedding, *after = next(iter(PREDICTOR.networks.values())).layers
    after[0] = keras.layers.Bidirectional(keras.layers.SimpleRNN(4))
    other = keras.Sequential([embedding, *after])
    first = next(iter(PREDICTOR.networks))
    networks = {"average": other, "simple": other} | PREDICTOR.networks
    # The error names all of them, and a network that can be exported.
    with pytest.raises(InputError, match=rf"average, simple\. .*--network {first}$"):
        onnx_model.write(Predictor(PREDICTOR.encoding, networks), tmp_path / "a.onnx")
    assert list(tmp_path.iterdir()) == []
