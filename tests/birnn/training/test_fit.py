"""Tests of training: reproducibility, shuffling, checkpoints, and a loss that is not finite."""

import csv
import itertools
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from birnn.core import machine
from birnn.core.errors import InputError
from birnn.core.settings import Train
from birnn.core.times import Timing
from birnn.networks.config import NetworkConfig
from birnn.networks.definition import Network
from birnn.networks.registry import NETWORKS
from birnn.text import sequences
from birnn.training import checkpoints, fit
from birnn.training.batches import batches
from birnn.training.fit import Paths
from birnn.training.splits import TEST
from tests.birnn.small_networks import build, load
from tests.tiers import sampled

NETWORK = NetworkConfig(
    name="bigru",
    num_words=20,
    maxlen=6,
    embedding_dim=4,
    settings={"units": 3},
    dropout=0.5,
    kernel="auto",
)

IMPROVED = NETWORK.model_copy(
    update={
        "pooling": "max_mean",
        "embedding_dropout": 0.2,
        "word_dropout": 0.1,
        "longest_ngram": 2,
    }
)


def settings(**changes: Any) -> Train:
    defaults = {
        "seed": 0,
        "epochs": 2,
        "batch_size": 32,
        "optimizer": "adam",
        "learning_rate": 0.05,
        "schedule": "constant",
        "clipnorm": None,
        "adversarial_norm": 0,
        "self_training": False,
    }
    return Train(**(defaults | changes))


def paths(padded: Path, model: str = "model", checkpoints: str = "checkpoints") -> Paths:
    folder = padded.parent
    return Paths(
        padded / "train",
        padded / "validation",
        folder / "ngrams",
        folder / "word_vectors",
        folder / model,
        folder / checkpoints,
        folder / "live",
    )


def train(config: NetworkConfig, settings: Train, paths: Paths) -> Timing:
    return fit.train(NETWORKS[config.name], config, settings, TEST, paths)


def read_history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open(encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


def test_training_writes_history_and_logs_epochs(
    padded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    timing = train(NETWORK, settings(), paths(padded))
    assert (len(timing.seconds), timing.kernel) == (2, "fused")
    rows = read_history(tmp_path / "model")
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert list(rows[0]) == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[:2] for line in lines] == [
        ["bigru", f"on CPU ({machine.usable_cores()} cores), kernel fused"],
        ["bigru", "epoch 1/2"],
        ["bigru", "epoch 2/2"],
    ]


@pytest.mark.parametrize("hidden", [None, "-1"])
def test_gpu_that_cannot_be_used_is_reported(
    hidden: str | None,
    padded: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if hidden:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    (tmp_path / "nvidia3").touch()
    monkeypatch.setattr(machine, "DEVICES", tmp_path)
    keras_kernel = NETWORK.model_copy(update={"kernel": "keras"})
    train(keras_kernel, settings(epochs=1), paths(padded))
    printed = capsys.readouterr()
    assert "cores), kernel keras\n" in printed.out
    warning = "warning: TensorFlow cannot use the NVIDIA GPU of this machine: "
    assert (warning in printed.err) == (hidden is None)


@pytest.mark.slow
def test_network_learns_a_learnable_task(padded: Path, tmp_path: Path) -> None:
    train(NETWORK, settings(epochs=15), paths(padded))
    assert float(read_history(tmp_path / "model")[-1]["val_accuracy"]) > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("kernel", sampled(["fused", "keras"], "fused"))
def test_improved_network_learns_and_round_trips(padded: Path, tmp_path: Path, kernel: Any) -> None:
    network = IMPROVED.model_copy(update={"kernel": kernel, "longest_ngram": 2})
    cosine = settings(epochs=25, schedule="cosine", clipnorm=1.0)
    train(network, cosine, paths(padded))
    last = read_history(tmp_path / "model")[-1]
    assert float(last["val_accuracy"]) > 0.9
    ids, labels = sequences.read(padded / "validation")
    predicted = load(tmp_path / "model").predict_on_batch(ids)[:, 0]
    accuracy = ((predicted > 0) == labels).mean()
    assert accuracy == pytest.approx(float(last["val_accuracy"]), abs=1e-6)


def test_training_starts_with_nonzero_word_vectors(padded: Path, tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(0, 9, (20, 4)).astype(np.float32)
    vectors[3] = 0
    np.save(tmp_path / "word_vectors" / "vectors.npy", vectors)
    train(NETWORK, settings(epochs=1, learning_rate=1e-9), paths(padded))
    embeddings = load(tmp_path / "model").layers[0].embeddings.numpy()
    assert np.abs(np.delete(embeddings - vectors, 3, axis=0)).max() < 1e-6
    assert 0 < np.abs(embeddings[3]).max() <= 0.05


@pytest.mark.slow
def test_equal_seeds_give_equal_bytes(padded: Path, tmp_path: Path) -> None:
    seeds = {"a": 0, "b": 0, "c": 1}
    for name, seed in seeds.items():
        keras.utils.clear_session()  # number layers from 0, as in a new process
        train(NETWORK, settings(seed=seed), paths(padded, name, f"checkpoints/{name}"))
    for file in ("model.weights.h5", "history.csv", "network.json"):
        a, b, c = ((tmp_path / name / file).read_bytes() for name in seeds)
        assert a == b
        assert (a == c) == (file == "network.json")


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", sampled(["adam", "adamw", "nadam", "rmsprop", "sgd"], "adam"))
def test_allowed_optimizers_train(padded: Path, tmp_path: Path, optimizer: str) -> None:
    train(NETWORK, settings(optimizer=optimizer, epochs=1), paths(padded))
    assert len(read_history(tmp_path / "model")) == 1


def test_nan_loss_stops_and_preserves_the_old_model(
    padded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(NETWORK, settings(), paths(padded))
    before = {file.name: file.read_bytes() for file in (tmp_path / "model").iterdir()}

    def build_nan_network(_network: Network, config: NetworkConfig) -> Any:
        model = build(config)
        model.layers[0].set_weights([np.full((20, 4), np.nan)])
        return model

    monkeypatch.setattr(fit, "build_network", build_nan_network)
    with pytest.raises(InputError, match=r"bigru: the loss is nan in epoch 1, batch 1: lower"):
        train(NETWORK, settings(), paths(padded, checkpoints="other checkpoints"))
    assert {file.name: file.read_bytes() for file in (tmp_path / "model").iterdir()} == before


def test_epochs_shuffle_all_reviews() -> None:
    ids = np.arange(10, dtype=np.int32)[:, None]
    labels = np.arange(10, dtype=np.uint8)

    def epochs(seed: int | None) -> list[list[int]]:
        dataset = batches((ids, labels), 4, shuffle_seed=seed)
        return [
            [int(label) for _, part in dataset.as_numpy_iterator() for label in part]
            for _ in range(3)
        ]

    in_order = list(range(10))
    assert epochs(None) == [in_order] * 3
    shuffled = epochs(7)
    assert [sorted(epoch) for epoch in shuffled] == [in_order] * 3
    assert len({tuple(epoch) for epoch in [in_order, *shuffled]}) == 4
    assert epochs(7) == shuffled
    assert epochs(8) != shuffled


def test_sequences_and_labels_stay_together() -> None:
    ids = np.arange(50, dtype=np.int32)[:, None]
    labels = np.arange(50, dtype=np.uint8)
    dataset = batches((ids, labels), 8, shuffle_seed=0)
    sizes = []
    for chosen, chosen_labels in dataset.as_numpy_iterator():
        assert (chosen[:, 0] == chosen_labels).all()
        sizes.append(len(chosen_labels))
    assert sizes == [8] * 6 + [2]
    assert int(dataset.cardinality()) == 7


@pytest.mark.skipif(sys.platform != "linux", reason="an option of glibc")
def test_freed_memory_is_kept_in_training() -> None:
    import resource  # noqa: PLC0415  # not on Windows

    size = 400_000  # numbers; from 4 MiB, NumPy asks for huge pages

    def count_new_pages() -> int:
        """Return how many pages the process gets for ten arrays, one after another."""
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(10):
            array = np.ones(size)
            del array
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    ids, labels = np.zeros((4, 6), np.int32), np.zeros(4, np.uint8)
    for _ in batches((ids, labels), 4):
        assert count_new_pages() < 2 * size * 8 / resource.getpagesize()


class Killed(KeyboardInterrupt):
    """An exception that simulates the end of the process."""


def interrupt_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Make training raise Killed at the end of a step, counted from 0 over all epochs."""
    steps = itertools.count()

    class InterruptingMonitor(fit.EpochMonitor):
        def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
            super().on_train_batch_end(batch, logs)
            if next(steps) == step:
                raise Killed

    monkeypatch.setattr(fit, "EpochMonitor", InterruptingMonitor)


TRAININGS = [
    (NETWORK, "bilstm", "fused", {}),
    (NETWORK, "bigru", "fused", {"optimizer": "rmsprop"}),
    (NETWORK, "bigru", "keras", {}),
    (IMPROVED, "bilstm", "fused", {"schedule": "cosine", "clipnorm": 1.0}),
    (IMPROVED, "bilstm", "fused", {"clipnorm": 1.0, "adversarial_norm": 0.3}),
    (IMPROVED, "bigru", "keras", {"schedule": "cosine", "clipnorm": 1.0}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("network", "name", "kernel", "changes"), sampled(TRAININGS, TRAININGS[0]))
def test_training_resumes_after_the_last_finished_epoch(
    padded: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    network: NetworkConfig,
    name: str,
    kernel: Any,
    changes: dict[str, Any],
) -> None:
    network = network.model_copy(update={"name": name, "kernel": kernel})
    changed = settings(epochs=3, **changes)
    keras.utils.clear_session()  # number layers from 0, as in a new process
    train(network, changed, paths(padded, "uninterrupted", "other checkpoints"))
    with monkeypatch.context() as context:
        interrupt_at(context, step=17)  # in the third epoch of 7 steps
        with pytest.raises(Killed):
            train(network, changed, paths(padded))
    assert not (tmp_path / "model").exists()
    assert capsys.readouterr().out.splitlines()[-1] == f"{name}  2 of 3 epochs are saved"
    keras.utils.clear_session()
    assert len(train(network, changed, paths(padded)).seconds) == 3
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == f"{name}  resumes after epoch 2"
    assert [line.split("  ")[1] for line in lines[2:]] == ["epoch 3/3"]
    for file in ("model.weights.h5", "history.csv", "network.json"):
        resumed, expected = (tmp_path / folder / file for folder in ("model", "uninterrupted"))
        assert resumed.read_bytes() == expected.read_bytes()


def test_finished_training_only_writes_the_model(
    padded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as context:
        context.setattr(fit, "save_network", fail)
        with pytest.raises(Killed):
            train(NETWORK, settings(), paths(padded))
    monkeypatch.setattr(fit.EpochMonitor, "on_train_batch_end", fail)
    train(NETWORK, settings(), paths(padded))
    assert len(read_history(tmp_path / "model")) == 2


def invalidate_checkpoint(
    change: str, padded: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[NetworkConfig, Train]:
    """Change something that affects the result, and return the network and the settings."""
    if change == "data":
        file = padded / "validation" / "labels.npy"
        np.save(file, 1 - np.load(file))
    elif change == "vectors":
        np.save(padded.parent / "word_vectors" / "vectors.npy", np.ones((20, 4), np.float32))
    elif change == "ngrams":
        (padded.parent / "ngrams" / "more.npy").touch()
    elif change == "code":
        code = padded / "fit.py"
        code.write_bytes(Path(fit.__file__).read_bytes() + b"\n")
        monkeypatch.setattr(fit, "__file__", str(code))
    elif change == "libraries":
        monkeypatch.setattr(checkpoints.metadata, "version", lambda _name: "0")
    elif change == "machine":
        monkeypatch.setattr(machine, "usable_cores", lambda: 77)
    elif change == "network":
        return NETWORK.model_copy(update={"dropout": 0.4}), settings()
    elif change == "settings":
        return NETWORK, settings(seed=1)
    return NETWORK, settings()


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        "none",
        "data",
        "vectors",
        "ngrams",
        "code",
        "libraries",
        "machine",
        "network",
        "settings",
        "damage",
    ],
)
def test_training_resumes_only_from_its_own_checkpoint(
    padded: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: str,
) -> None:
    with monkeypatch.context() as context:
        interrupt_at(context, step=8)
        with pytest.raises(Killed):
            train(NETWORK, settings(), paths(padded))
    (checkpoint,) = (tmp_path / "checkpoints").iterdir()
    if change == "damage":
        content = bytearray(checkpoint.read_bytes())
        content[len(content) // 2] ^= 1
        checkpoint.write_bytes(content)
    network, changed = invalidate_checkpoint(change, padded, monkeypatch)
    capsys.readouterr()
    train(network, changed, paths(padded))
    output = capsys.readouterr()
    assert ("resumes after epoch 1" in output.out) == (change == "none")
    assert ("is damaged" in output.err) == (change == "damage")
    assert len(list((tmp_path / "checkpoints").iterdir())) == 1
    assert len(read_history(tmp_path / "model")) == 2
