"""Training steps, validation and prediction with this project's kernel and with other engines."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.paired import Cost, alternate, measure
from birnn.architectures.registry import NETWORKS
from birnn.core.batching import BATCH_SIZE
from birnn.core.libraries import tensorflow_imports
from birnn.networks.definition import Direction, NetworkConfig
from birnn.reviews.sequences import OUT_OF_VOCABULARY

with tensorflow_imports():
    import keras
    import tensorflow as tf

    from benchmarks.notebook import network
    from birnn.networks.network import build_network
    from birnn.training.optimization import binary_crossentropy

NUM_WORDS, MAXLEN, DIM, UNITS = 20_000, 100, 128, 64
DIRECTIONS = 2
ONE_DIRECTION = "one direction"  # the engine that runs the layer only forward
BATCH = 256  # reviews per training step, and per batch of the notebook's validation
STEPS = 20
REVIEWS = 10_000  # for validation and prediction
PEAK = 2_048  # rows and columns of the matrices whose product measures the peak

LAYERS = {"bilstm": keras.layers.LSTM, "bigru": keras.layers.GRU}
# Gates of the networks that the kernel runs.
GATES = {name: gates for name, gates in {"bilstm": 4, "bigru": 3}.items() if name in NETWORKS}

Ids = NDArray[np.int32]
Labels = NDArray[np.uint8]
Work = Callable[[Ids, Labels], object]


class Engine(NamedTuple):
    """A program that trains on a batch of reviews, or predicts them."""

    train: Work
    validate: Work
    predict: Work
    validation_batch: int  # reviews per batch of validation


def sample(ids: Ids, labels: Labels) -> tuple[Ids, Labels]:
    """Return REVIEWS random reviews in the notebook's encoding, some repeatedly if there are fewer.

    Other settings than the notebook's may have encoded `ids`.
    """
    rows = np.resize(np.random.default_rng(0).permutation(len(ids)), REVIEWS)
    padded = keras.utils.pad_sequences(ids[rows], MAXLEN)
    return np.where(padded < NUM_WORDS, padded, OUT_OF_VOCABULARY), labels[rows]


def ours(name: str, direction: Direction = "both") -> keras.Sequential:
    """Return the network that the pipeline trains."""
    config = NetworkConfig(
        name=name,
        settings={"units": UNITS},
        num_words=NUM_WORDS,
        maxlen=MAXLEN,
        embedding_dim=DIM,
        dropout=0.5,
        kernel="fused",
        direction=direction,
    )
    model = build_network(NETWORKS[name], config)
    accuracy = keras.metrics.BinaryAccuracy("accuracy", threshold=0)
    model.compile("adam", binary_crossentropy, metrics=[accuracy])
    return model


def keras_engine(model: keras.Sequential, validation_batch: int) -> Engine:
    """Return the work of a Keras model."""
    predict = model.predict_on_batch
    works = (model.train_on_batch, model.test_on_batch, lambda ids, _labels: predict(ids))
    return Engine(*works, validation_batch)


def torch_engine(name: str) -> Engine | None:
    """Return the work of a PyTorch model of equal shape; None if PyTorch is not installed."""
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

        def forward(self, ids: Ids) -> Any:
            _, last = self.recurrent(self.embedding(torch.from_numpy(ids)))
            states = last[0] if name == "bilstm" else last
            return self.output(self.dropout(torch.cat([states[0], states[1]], 1)))[:, 0]

    net = Net()
    optimizer = torch.optim.Adam(net.parameters())
    loss = nn.BCEWithLogitsLoss()

    def train(ids: Ids, labels: Labels) -> None:
        net.train()
        optimizer.zero_grad()
        loss(net(ids), torch.from_numpy(labels).float()).backward()
        optimizer.step()

    def predict(ids: Ids, _labels: Labels) -> None:
        net.eval()
        with torch.inference_mode():
            torch.sigmoid(net(ids))

    return Engine(train, predict, predict, BATCH_SIZE)


def compare(name: str, ids: Ids, labels: Labels, times: int) -> dict[str, dict[str, list[Cost]]]:
    """Return the costs of each kind of work by engine; the engines alternate."""

    def repeat(work: Work, reviews: int, batch_size: int, parts: int = 1) -> Callable[[], Cost]:
        """Return a function that measures the work on all batches, divided by `parts`."""

        def measured() -> Cost:
            with measure() as cost:
                for start in range(0, reviews, batch_size):
                    batch = slice(start, start + batch_size)
                    work(ids[batch], labels[batch])
            return Cost(cost.wall / parts, cost.cpu / parts)

        return measured

    engines = {
        "this": keras_engine(ours(name), BATCH_SIZE),
        ONE_DIRECTION: keras_engine(ours(name, "forward"), BATCH_SIZE),
        "Keras": keras_engine(network(LAYERS[name]), BATCH),
    }
    if torch := torch_engine(name):
        engines["PyTorch"] = torch
    kinds: dict[str, Callable[[Engine], Callable[[], Cost]]] = {
        "training step": lambda engine: repeat(engine.train, STEPS * BATCH, BATCH, parts=STEPS),
        "validation": lambda engine: repeat(engine.validate, REVIEWS, engine.validation_batch),
        "prediction": lambda engine: repeat(engine.predict, REVIEWS, BATCH_SIZE),
    }
    measured = {}
    for kind, work in kinds.items():
        works = {title: work(engine) for title, engine in engines.items()}
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
