"""Training steps, validation and prediction with this project's kernel and with other engines."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.paired import Cost, alternate, measure
from birnn.core.libraries import tensorflow_imports
from birnn.networks.config import NetworkConfig
from birnn.networks.registry import NETWORKS
from birnn.text.sequences import OUT_OF_VOCABULARY

with tensorflow_imports():
    import keras
    import tensorflow as tf

    from birnn.layers.pooling import DIRECTIONS
    from birnn.networks.network import BATCH_SIZE, build_network
    from birnn.training.loss import binary_crossentropy

NUM_WORDS, MAXLEN, DIM, UNITS = 20_000, 100, 128, 64
BATCH = 256  # reviews per training step, and per batch of the notebook's validation
STEPS = 20
REVIEWS = 10_000  # for validation and prediction
PEAK = 2_048  # rows and columns of the matrices whose product measures the peak

# Gates of the networks that the kernel runs.
GATES = {name: gates for name, gates in {"bilstm": 4, "bigru": 3}.items() if name in NETWORKS}

Ids = NDArray[np.int32]
Labels = NDArray[np.uint8]


def sample(ids: Ids, labels: Labels) -> tuple[Ids, Labels]:
    """Return REVIEWS random reviews in the notebook's encoding, some repeatedly if there are fewer.

    Other settings than the notebook's may have encoded `ids`.
    """
    rows = np.resize(np.random.default_rng(0).permutation(len(ids)), REVIEWS)
    padded = keras.utils.pad_sequences(ids[rows], MAXLEN)
    return np.where(padded < NUM_WORDS, padded, OUT_OF_VOCABULARY), labels[rows]


def ours(name: str) -> keras.Sequential:
    """Return the network that the pipeline trains."""
    config = NetworkConfig(
        name=name,
        settings={"units": UNITS},
        num_words=NUM_WORDS,
        maxlen=MAXLEN,
        embedding_dim=DIM,
        dropout=0.5,
        kernel="fused",
    )
    model = build_network(NETWORKS[name], config)
    accuracy = keras.metrics.BinaryAccuracy("accuracy", threshold=0)
    model.compile("adam", binary_crossentropy, metrics=[accuracy])
    return model


def stock(name: str) -> keras.Sequential:
    """Return the same network, built from Keras's own layers."""
    model = keras.Sequential(
        [
            keras.Input((MAXLEN,), dtype="int32"),
            keras.layers.Embedding(NUM_WORDS, DIM),
            keras.layers.Bidirectional(
                {"bilstm": keras.layers.LSTM, "bigru": keras.layers.GRU}[name](UNITS)
            ),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def keras_works(
    model: keras.Sequential, ids: Ids, labels: Labels, validation_batch: int
) -> dict[str, Callable[[], Cost]]:
    """Return functions that measure a training step, validation and prediction of a Keras model."""
    starts = range(0, STEPS * BATCH, BATCH)

    def step() -> Cost:
        with measure() as cost:
            for start in starts:
                model.train_on_batch(ids[start : start + BATCH], labels[start : start + BATCH])
        return Cost(cost.wall / STEPS, cost.cpu / STEPS)

    def validation() -> Cost:
        with measure() as cost:
            for start in range(0, REVIEWS, validation_batch):
                batch = slice(start, start + validation_batch)
                model.test_on_batch(ids[batch], labels[batch])
        return cost

    def prediction() -> Cost:
        with measure() as cost:
            for start in range(0, REVIEWS, BATCH_SIZE):
                model.predict_on_batch(ids[start : start + BATCH_SIZE])
        return cost

    return {"training step": step, "validation": validation, "prediction": prediction}


def torch_works(name: str, ids: Ids, labels: Labels) -> dict[str, Callable[[], Cost]] | None:
    """Return the same functions for a PyTorch model of equal shape; None if it is not installed."""
    try:
        import torch  # noqa: PLC0415
    except ImportError:
        return None
    from torch import nn  # noqa: PLC0415

    class Net(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(NUM_WORDS, DIM)
            kind = {"bilstm": nn.LSTM, "bigru": nn.GRU}[name]
            self.recurrent = kind(DIM, UNITS, bidirectional=True, batch_first=True)
            self.dropout = nn.Dropout(0.5)
            self.output = nn.Linear(DIRECTIONS * UNITS, 1)

        def forward(self, batch: Any) -> Any:
            _, last = self.recurrent(self.embedding(batch))
            states = last[0] if name == "bilstm" else last
            return self.output(self.dropout(torch.cat([states[0], states[1]], 1)))[:, 0]

    net = Net()
    optimizer = torch.optim.Adam(net.parameters())
    loss = nn.BCEWithLogitsLoss()
    all_ids, all_labels = torch.tensor(ids), torch.tensor(labels, dtype=torch.float32)

    def step() -> Cost:
        net.train()
        with measure() as cost:
            for start in range(0, STEPS * BATCH, BATCH):
                batch = slice(start, start + BATCH)
                optimizer.zero_grad()
                loss(net(all_ids[batch]), all_labels[batch]).backward()
                optimizer.step()
        return Cost(cost.wall / STEPS, cost.cpu / STEPS)

    def prediction() -> Cost:
        net.eval()
        with measure() as cost, torch.inference_mode():
            for start in range(0, REVIEWS, BATCH_SIZE):
                torch.sigmoid(net(all_ids[start : start + BATCH_SIZE]))
        return cost

    return {"training step": step, "validation": prediction, "prediction": prediction}


def compare(name: str, ids: Ids, labels: Labels, times: int) -> dict[str, dict[str, list[Cost]]]:
    """Return the costs of each kind of work by engine; the engines alternate."""
    engines = {
        "this": keras_works(ours(name), ids, labels, BATCH_SIZE),
        "Keras": keras_works(stock(name), ids, labels, BATCH),
    }
    if torch := torch_works(name, ids, labels):
        engines["PyTorch"] = torch
    measured = {}
    for kind in engines["this"]:
        works = {engine: functions[kind] for engine, functions in engines.items()}
        alternate(works, 1)  # compiles and traces
        measured[kind] = alternate(works, times)
    return measured


def peak(times: int) -> list[float]:
    """Return the multiply-adds per CPU second of a large product of float32 matrices."""
    a, b = (tf.random.normal((PEAK, PEAK)) for _ in range(2))
    tf.matmul(a, b).numpy()

    def product() -> Cost:
        with measure() as cost:
            tf.matmul(a, b).numpy()
        return cost

    return [PEAK**3 / cost.cpu for cost in alternate({"product": product}, times)["product"]]


def executed_multiply_adds(name: str, ids: Ids) -> float:
    """Return the multiply-adds that the fused kernel executes in a training step.

    It computes the input's part for distinct words only. For the states' part it runs the forward
    pass twice and computes two gradients.
    """
    batches = [ids[start : start + BATCH] for start in range(0, STEPS * BATCH, BATCH)]
    distinct = np.mean([len(np.unique(batch)) for batch in batches])
    gates = DIRECTIONS * GATES[name] * UNITS
    return float(3 * distinct * DIM * gates + 4 * BATCH * MAXLEN * UNITS * gates)
