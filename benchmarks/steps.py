"""A training step, a validation pass and prediction: this project's kernel beside other engines."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from benchmarks.paired import Cost, in_turn, measured
from birnn.core.machine import BATCH_SIZE
from birnn.evaluation import costs
from birnn.networks.config import DIRECTIONS, Layer, NetworkConfig
from birnn.networks.network import LAYERS, build_network

NUM_WORDS, MAXLEN, DIM, UNITS = 20_000, 100, 128, 64
BATCH = 256  # reviews a training step, and in the notebook's validation
STEPS = 20
REVIEWS = 10_000  # to predict
PEAK = 2_048  # rows and columns of the product that tells the peak

Ids = NDArray[np.int32]
Labels = NDArray[np.uint8]


def ours(layer: Layer) -> keras.Sequential:
    """Return the network that the pipeline trains."""
    network = NetworkConfig(
        layer=layer,
        num_words=NUM_WORDS,
        maxlen=MAXLEN,
        embedding_dim=DIM,
        units=UNITS,
        dropout=0.5,
        kernel="fused",
    )
    return _compiled(build_network(network))


def stock(layer: Layer) -> keras.Sequential:
    """Return the same network of Keras's layers alone."""
    return _compiled(
        keras.Sequential(
            [
                keras.Input((MAXLEN,), dtype="int32"),
                keras.layers.Embedding(NUM_WORDS, DIM),
                keras.layers.Bidirectional(LAYERS[layer](UNITS)),
                keras.layers.Dropout(0.5),
                keras.layers.Dense(1, activation="sigmoid"),
            ]
        )
    )


def _compiled(model: keras.Sequential) -> keras.Sequential:
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def of_keras(
    model: keras.Sequential, ids: Ids, labels: Labels, validation_batch: int
) -> dict[str, Callable[[], Cost]]:
    """Return the work of a Keras model: what a training step takes, a validation, a prediction."""
    starts = range(0, STEPS * BATCH, BATCH)

    def step() -> Cost:
        with measured() as cost:
            for start in starts:
                model.train_on_batch(ids[start : start + BATCH], labels[start : start + BATCH])
        return Cost(cost.wall / STEPS, cost.cpu / STEPS)

    def validation() -> Cost:
        with measured() as cost:
            for start in range(0, REVIEWS, validation_batch):
                some = slice(start, start + validation_batch)
                model.test_on_batch(ids[some], labels[some])
        return cost

    def prediction() -> Cost:
        with measured() as cost:
            for start in range(0, REVIEWS, BATCH_SIZE):
                model.predict_on_batch(ids[start : start + BATCH_SIZE])
        return cost

    return {"training step": step, "validation": validation, "prediction": prediction}


def of_torch(layer: Layer, ids: Ids, labels: Labels) -> dict[str, Callable[[], Cost]] | None:
    """Return the work of PyTorch's layers of equal shapes; None where it is not installed."""
    try:
        import torch  # noqa: PLC0415
    except ImportError:
        return None
    from torch import nn  # noqa: PLC0415

    class Net(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(NUM_WORDS, DIM)
            kind = {"lstm": nn.LSTM, "gru": nn.GRU}[layer]
            self.recurrent = kind(DIM, UNITS, bidirectional=True, batch_first=True)
            self.dropout = nn.Dropout(0.5)
            self.output = nn.Linear(DIRECTIONS * UNITS, 1)

        def forward(self, some: Any) -> Any:
            _, last = self.recurrent(self.embedding(some))
            states = last[0] if layer == "lstm" else last
            return self.output(self.dropout(torch.cat([states[0], states[1]], 1)))[:, 0]

    net = Net()
    optimizer = torch.optim.Adam(net.parameters())
    loss = nn.BCEWithLogitsLoss()
    all_ids, all_labels = torch.tensor(ids), torch.tensor(labels, dtype=torch.float32)

    def step() -> Cost:
        net.train()
        with measured() as cost:
            for start in range(0, STEPS * BATCH, BATCH):
                some = slice(start, start + BATCH)
                optimizer.zero_grad()
                loss(net(all_ids[some]), all_labels[some]).backward()
                optimizer.step()
        return Cost(cost.wall / STEPS, cost.cpu / STEPS)

    def prediction() -> Cost:
        net.eval()
        with measured() as cost, torch.inference_mode():
            for start in range(0, REVIEWS, BATCH_SIZE):
                torch.sigmoid(net(all_ids[start : start + BATCH_SIZE]))
        return cost

    return {"training step": step, "validation": prediction, "prediction": prediction}


def compare(layer: Layer, ids: Ids, labels: Labels, times: int) -> dict[str, dict[str, list[Cost]]]:
    """Return the costs of each kind of work, by engine, taken in turn."""
    engines = {
        "this": of_keras(ours(layer), ids, labels, BATCH_SIZE),
        "Keras": of_keras(stock(layer), ids, labels, BATCH),
    }
    if torch := of_torch(layer, ids, labels):
        engines["PyTorch"] = torch
    found = {}
    for work in engines["this"]:
        works = {engine: of_engine[work] for engine, of_engine in engines.items()}
        in_turn(works, 1)  # what is compiled or traced at first is left out
        found[work] = in_turn(works, times)
    return found


def peak(times: int) -> list[float]:
    """Return the multiply-adds a CPU second of a large product of float32 matrices."""
    a, b = (tf.random.normal((PEAK, PEAK)) for _ in range(2))
    tf.matmul(a, b).numpy()

    def product() -> Cost:
        with measured() as cost:
            tf.matmul(a, b).numpy()
        return cost

    return [PEAK**3 / cost.cpu for cost in in_turn({"product": product}, times)["product"]]


def named(layer: Layer) -> int:
    """Return the multiply-adds of a training step as the formulas name them.

    Those of the forward pass, twice as many for the gradient.
    """
    return 3 * BATCH * costs.multiply_adds(layer, DIM, UNITS, MAXLEN, DIRECTIONS * UNITS)


def carried_out(layer: Layer, ids: Ids) -> float:
    """Return the multiply-adds of a training step that the fused kernel carries out.

    The input's part for distinct words alone; the state's forward twice, and its two gradients.
    """
    batches = [ids[start : start + BATCH] for start in range(0, STEPS * BATCH, BATCH)]
    distinct = np.mean([len(np.unique(batch)) for batch in batches])
    gates = DIRECTIONS * costs.PRODUCTS[layer] * UNITS
    return float(3 * distinct * DIM * gates + 4 * BATCH * MAXLEN * UNITS * gates)
