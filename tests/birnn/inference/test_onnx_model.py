"""The ONNX model and the JSON file next to it predict as the project does."""

import json
import re
import runpy
from itertools import product
from pathlib import Path
from typing import get_args

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given

from birnn.core.errors import InputError
from birnn.core.settings import Pooling, Side
from birnn.inference import onnx_model
from birnn.inference.predictor import Predictor
from birnn.inference.weights import read_weights
from birnn.networks.decision import combine, probability
from tests.birnn.odd_texts import TEXTS
from tests.birnn.predictors import WORDS, small_predictor
from tests.projects import PROJECT

SIDES = list(product(get_args(Side), repeat=2))
LONG = "A good film, and isn't the bad film naïve? Good! The good, the bad and a film. "
REVIEWS = ["A good film.", "", "zxqv", LONG, 9 * LONG, "日本語\u00a0film", "\x00 good"]


def predict(predictor: Predictor, sequences: np.ndarray) -> dict[str, np.ndarray]:
    """Return the probabilities of the exported model."""
    model = onnx_model.build_model(read_weights(predictor.networks))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"ids": sequences}), strict=True))


def check(predictor: Predictor, sequences: np.ndarray, exported: dict[str, np.ndarray]) -> None:
    """Check that the probabilities are the predictor's."""
    log_odds = predictor.predict_sequences(sequences)
    expected = log_odds | {"combined": combine(list(log_odds.values()))}
    assert exported.keys() == expected.keys()
    for name, odds in expected.items():
        assert np.ptp(odds) > 0.1
        assert np.abs(exported[name] - probability(odds)).max() <= 1e-5


@pytest.mark.parametrize("longest", [0, 1, 3])
@pytest.mark.parametrize("pooling", get_args(Pooling))
def test_every_recipe_predicts_the_same(pooling: Pooling, longest: int) -> None:
    predictor = small_predictor(padding="post", pooling=pooling, longest_ngram=longest)
    sequences = predictor.encode(REVIEWS)
    check(predictor, sequences, predict(predictor, sequences))


@pytest.mark.parametrize("pooling", get_args(Pooling))
@pytest.mark.parametrize(("padding", "truncating"), SIDES)
def test_example_in_the_docs_predicts_the_same(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    padding: Side,
    truncating: Side,
    pooling: Pooling,
) -> None:
    predictor = small_predictor(8, padding, truncating, pooling=pooling, longest_ngram=2)
    onnx_model.write(predictor, tmp_path / "birnn.onnx")
    onnx.checker.check_model(tmp_path / "birnn.onnx", full_check=True)
    (tmp_path / "example.py").write_text(python_example(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    example = runpy.run_path("example.py")
    sequences = predictor.encode(REVIEWS)
    check(predictor, sequences, example["predict"](REVIEWS))


def test_padding_to_the_longest_review_is_enough_for_networks_that_pool() -> None:
    predictor = small_predictor(8, "post", pooling="max_mean", longest_ngram=2)
    sequences = predictor.encode(["A good film.", "bad"])
    assert sequences[:, 4:].max() == 0
    check(predictor, sequences, predict(predictor, sequences[:, :4]))


@given(TEXTS)
def test_any_text_is_encoded_the_same(text: str) -> None:
    description = json.loads(
        json.dumps(onnx_model.describe_encoding(PREDICTOR.encoding, pooled=False))
    )
    ids = {word: number for number, word in enumerate(description["words"], 4)}
    words = text.translate(str.maketrans(description["replace"])).split(" ")
    encoded = [1, *(ids.get(word, 2) for word in words if word)][-8:]
    assert [0] * (8 - len(encoded)) + encoded == PREDICTOR.encode([text])[0].tolist()


def test_other_layers_are_refused(tmp_path: Path) -> None:
    other = keras.Sequential(
        [
            keras.Input((8,), dtype="int32"),
            keras.layers.Embedding(len(WORDS) + 4, 5),
            keras.layers.Bidirectional(keras.layers.SimpleRNN(3)),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1),
        ]
    )
    # The error names all of them, and a network that can be exported, if there is one.
    unknown = {"average": other, "simple": other}
    with pytest.raises(InputError, match=r"average, simple\. Export a \.zip file$"):
        onnx_model.write(Predictor(PREDICTOR.encoding, unknown), tmp_path / "a.onnx")
    mixed = Predictor(PREDICTOR.encoding, unknown | PREDICTOR.networks)
    with pytest.raises(InputError, match=r"average, simple\. .* --network bilstm$"):
        onnx_model.write(mixed, tmp_path / "a.onnx")
    assert list(tmp_path.iterdir()) == []


def test_equal_exports_have_equal_bytes_and_equal_tables_are_stored_once(tmp_path: Path) -> None:
    predictor = small_predictor(pooling="max_mean", longest_ngram=2)
    for name in ("a", "b"):
        onnx_model.write(predictor, tmp_path / f"{name}.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    nodes = onnx.load(tmp_path / "a.onnx").graph.node
    assert [node.op_type for node in nodes].count("LabelEncoder") == 2


def python_example() -> str:
    """Return the first Python block of the docs that loads an ONNX model."""
    page = (PROJECT / "docs" / "predictions.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    return next(block for block in blocks if "onnxruntime" in block)


PREDICTOR = small_predictor()
