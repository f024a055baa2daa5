"""The ONNX model and the JSON file next to it predict as the project does."""

import contextlib
import runpy
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest

from birnn.core.outputs import read_json
from birnn.evaluation.model_names import ALL_NETWORKS, BASELINE, COMBINED
from birnn.evaluation.network_model import NetworkModel
from birnn.networks.definition import Direction, Pooling
from birnn.networks.log_odds import probability
from birnn.reviews.sequences import Side
from birnn.runtime.errors import InputError
from birnn_apps import onnx_model
from birnn_apps.classifier import Classifier
from tests.birnn import small_networks
from tests.birnn.odd_texts import LANGUAGES, ODD, UNICODE
from tests.birnn.predictors import LAYOUTS, LONG, gated
from tests.birnn.small_networks import config
from tests.birnn_apps.classifiers import baseline_classifier, network_classifier
from tests.projects import PROJECT

REVIEWS = ["A good film.", "", "zxqv", LONG, 9 * LONG, "日本語\u00a0film", "\x00 good"]
REVIEWS += [f"good{odd}film{odd}BAD" for odd in ODD]

ONE_DIRECTION: list[tuple[Pooling, Direction]] = [
    ("last", "forward"),
    ("last", "backward"),
    ("max_mean", "backward"),
    ("max_mean", "none"),
]


def load_example(folder: Path) -> Callable[[list[str]], dict[str, list[float | None]]]:
    """Return `predict` of the example in the docs, for the ONNX model in a folder."""
    with contextlib.chdir(folder):
        predict: Callable[..., Any] = runpy.run_path(PROJECT / "docs" / "use_onnx.py")["predict"]
    return predict


def networks(
    padding: Side, truncating: Side, pooling: Pooling, direction: Direction = "both"
) -> Classifier:
    """Return networks, half of which read n-grams."""
    layout = {"padding": padding, "truncating": truncating, "pooling": pooling}
    layout |= {"direction": direction}
    if padding == "post":
        layout |= UNICODE
    classifier = gated(network_classifier(**layout, longest_ngram=3 if truncating == "pre" else 0))
    first, *_ = classifier.models
    return replace(classifier, temperatures={first: 0.5, ALL_NETWORKS: 2.0})


def linear(longest: int, *, normalized: bool) -> Classifier:
    return replace(
        baseline_classifier(longest, normalized=normalized), temperatures={BASELINE: 1.5}
    )


@pytest.mark.parametrize(
    "create",
    [
        *(partial(networks, *layout) for layout in LAYOUTS),
        *(partial(networks, "pre", "pre", *layers) for layers in ONE_DIRECTION),
        *(partial(linear, n, normalized=each) for n, each in product([1, 3], [False, True])),
    ],
)
def test_example_in_the_docs_predicts_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, create: Callable[[], Classifier]
) -> None:
    classifier = replace(create(), classes=("ham", "spam"))
    monkeypatch.chdir(tmp_path)
    onnx_model.write(classifier, Path("birnn.onnx"))
    onnx.checker.check_model("birnn.onnx", full_check=True)
    assert read_json(Path("birnn.json"))["classes"] == ["ham", "spam"]
    reviews = REVIEWS if classifier.tokenizer == "keras" else [*LANGUAGES]
    exported = load_example(tmp_path)(reviews)
    predicted = classifier.predict(reviews)
    expected = predicted.by_model | {COMBINED: predicted.log_odds}
    assert exported.keys() == expected.keys()
    for name, odds in expected.items():
        assert np.ptp(odds) > 0.1
        values = np.where(predicted.known, probability(odds), None)
        assert exported[name] == [value and pytest.approx(value, abs=1e-5) for value in values]
    # Equal models give equal bytes, and an equal table of n-grams is stored once per length.
    written = Path("birnn.onnx").read_bytes()
    onnx_model.write(classifier, Path("birnn.onnx"))
    assert Path("birnn.onnx").read_bytes() == written
    nodes = onnx.load("birnn.onnx").graph.node
    assert [node.op_type for node in nodes].count("LabelEncoder") in {0, 3}


def test_other_layers_are_refused(tmp_path: Path) -> None:
    model = next(iter(network_classifier().models.values()))
    layers = [*model.network.layers]
    layers[1] = keras.layers.Bidirectional(keras.layers.SimpleRNN(4))
    other = NetworkModel(model.encoding, keras.Sequential(layers, name="simple"))
    with pytest.raises(InputError, match="simple is not an LSTM or a GRU"):
        onnx_model.write(Classifier({"simple": other}), tmp_path / "a.onnx")
    reads_regions = NetworkModel(model.encoding, small_networks.build(config(regions=[1, 1])))
    with pytest.raises(InputError, match="reads regions: use birnn serve"):
        onnx_model.write(Classifier({"bigru": reads_regions}), tmp_path / "a.onnx")
    assert list(tmp_path.iterdir()) == []
