"""Training: reproducible, shuffled by the seed, watched, and stopped when it goes astray."""

import csv
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from birnn.core import machine
from birnn.core.errors import InputError
from birnn.core.outputs import read_json
from birnn.core.settings import Ngrams, Train
from birnn.networks.config import NetworkConfig
from birnn.networks.network import build_network, load_network
from birnn.text import ngrams, sequences
from birnn.training import checkpoints, fit
from birnn.training.batches import batches
from birnn.training.fit import Paths
from tests.tiers import sampled

NETWORK = NetworkConfig(
    layer="gru", num_words=20, maxlen=6, embedding_dim=4, units=3, dropout=0.5, kernel="auto"
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
    }
    return Train(**(defaults | changes))


@pytest.fixture
def padded(tmp_path: Path) -> Path:
    """Return a folder of sequences whose label is whether an id above 9 comes first."""
    rng = np.random.default_rng(0)
    for name, reviews in (("train", 200), ("validation", 100)):
        folder = tmp_path / "padded" / name
        folder.mkdir(parents=True)
        ids = rng.integers(0, 20, (reviews, 6), dtype=np.int32)
        np.save(folder / "sequences.npy", ids)
        np.save(folder / "labels.npy", (ids[:, 0] > 9).astype(np.uint8))
    weigh(tmp_path / "padded", tmp_path / "ngrams")
    (tmp_path / "word_vectors").mkdir()
    np.save(tmp_path / "word_vectors" / "vectors.npy", np.empty((0, 4), np.float32))
    return tmp_path / "padded"


def weigh(padded: Path, folder: Path) -> None:
    ids, labels = sequences.read(padded / "train")
    how = Ngrams(longest=2, min_reviews=2, smoothing=1, folds=5, seed=0)
    folder.mkdir()
    ngrams.write(*ngrams.weigh(ids, labels, np.arange(200, dtype=np.int32), 20, how), folder)


def folders(padded: Path, model: Path, checkpoints: Path) -> Paths:
    beside = padded.parent
    return Paths(
        padded,
        beside / "ngrams",
        beside / "word_vectors",
        model,
        beside / "timing.json",
        checkpoints,
    )


def history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open(encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


def test_what_is_written_and_logged(
    padded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fit.train(NETWORK, settings(), folders(padded, tmp_path / "model", tmp_path / "kept"))
    rows = history(tmp_path / "model")
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert list(rows[0]) == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]
    timing = read_json(tmp_path / "timing.json")
    assert len(timing["seconds_per_epoch"]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[:2] for line in lines] == [
        ["bigru", "epoch 1/2"],
        ["bigru", "epoch 2/2"],
    ]


@pytest.mark.slow
def test_a_network_learns_what_can_be_learnt(padded: Path, tmp_path: Path) -> None:
    fit.train(NETWORK, settings(epochs=15), folders(padded, tmp_path / "model", tmp_path / "kept"))
    assert float(history(tmp_path / "model")[-1]["val_accuracy"]) > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("kernel", sampled(["fused", "keras"], "fused"))
def test_an_improved_network_learns_too_and_comes_back(
    padded: Path, tmp_path: Path, kernel: Any
) -> None:
    network = IMPROVED.model_copy(update={"kernel": kernel, "longest_ngram": 2})
    one = settings(epochs=25, schedule="cosine", clipnorm=1.0)
    fit.train(network, one, folders(padded, tmp_path / "model", tmp_path / "kept"))
    last = history(tmp_path / "model")[-1]
    assert float(last["val_accuracy"]) > 0.9
    ids, labels = sequences.read(padded / "validation")
    predicted = load_network(tmp_path / "model").predict_on_batch(ids)[:, 0]
    found = ((predicted > 0.5) == labels).mean()
    assert found == pytest.approx(float(last["val_accuracy"]), abs=1e-6)


def test_training_begins_with_word_vectors_but_for_those_that_are_0(
    padded: Path, tmp_path: Path
) -> None:
    vectors = np.random.default_rng(0).normal(0, 9, (20, 4)).astype(np.float32)
    vectors[3] = 0
    np.save(tmp_path / "word_vectors" / "vectors.npy", vectors)
    one = settings(epochs=1, learning_rate=1e-9)
    fit.train(NETWORK, one, folders(padded, tmp_path / "model", tmp_path / "kept"))
    found = load_network(tmp_path / "model").layers[0].embeddings.numpy()
    assert np.abs(np.delete(found - vectors, 3, axis=0)).max() < 1e-6
    assert 0 < np.abs(found[3]).max() <= 0.05


@pytest.mark.slow
def test_the_seed_fixes_every_byte(padded: Path, tmp_path: Path) -> None:
    seeds = {"a": 0, "b": 0, "c": 1}
    for name, seed in seeds.items():
        keras.utils.clear_session()  # as in a new process, layers are numbered from 0
        fit.train(
            NETWORK,
            settings(seed=seed),
            folders(padded, tmp_path / name, tmp_path / "kept" / name),
        )
    for file in ("model.weights.h5", "history.csv", "network.json"):
        a, b, c = ((tmp_path / name / file).read_bytes() for name in seeds)
        assert a == b
        assert (a == c) == (file == "network.json")


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "nadam", "rmsprop", "sgd"])
def test_every_optimizer_that_the_settings_allow(
    padded: Path, tmp_path: Path, optimizer: str
) -> None:
    one = settings(optimizer=optimizer, epochs=1)
    fit.train(NETWORK, one, folders(padded, tmp_path / "model", tmp_path / "kept"))
    assert len(history(tmp_path / "model")) == 1


def test_a_loss_that_is_not_finite_stops_and_leaves_the_old_model(
    padded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit.train(NETWORK, settings(), folders(padded, tmp_path / "model", tmp_path / "kept"))
    before = {file.name: file.read_bytes() for file in (tmp_path / "model").iterdir()}
    build = build_network

    def spoilt(network: NetworkConfig) -> Any:
        model = build(network)
        model.layers[0].set_weights([np.full((20, 4), np.nan)])
        return model

    monkeypatch.setattr(fit, "build_network", spoilt)
    with pytest.raises(InputError, match=r"bigru: the loss is nan in epoch 1, batch 1: lower"):
        fit.train(NETWORK, settings(), folders(padded, tmp_path / "model", tmp_path / "none kept"))
    assert {file.name: file.read_bytes() for file in (tmp_path / "model").iterdir()} == before


def test_each_epoch_has_every_review_once_in_another_order() -> None:
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


class Killed(KeyboardInterrupt):
    """Stands for whatever ends a process."""


def interrupted(monkeypatch: pytest.MonkeyPatch, batches_before: int) -> None:
    """Have training end after so many batches."""
    counted = iter(range(10_000))

    class Interrupting(fit.EpochMonitor):
        def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
            super().on_train_batch_end(batch, logs)
            if next(counted) == batches_before:
                raise Killed

    monkeypatch.setattr(fit, "Watch", Interrupting)


TRAININGS = [
    (NETWORK, "lstm", "fused", {}),
    (NETWORK, "gru", "fused", {"optimizer": "rmsprop"}),
    (NETWORK, "gru", "keras", {}),
    (IMPROVED, "lstm", "fused", {"schedule": "cosine", "clipnorm": 1.0}),
    (IMPROVED, "gru", "keras", {"schedule": "cosine", "clipnorm": 1.0}),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "layer", "kernel", "changes"), sampled(TRAININGS, TRAININGS[0])
)
def test_a_training_goes_on_after_its_last_finished_epoch(
    padded: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    network: NetworkConfig,
    layer: Any,
    kernel: Any,
    changes: dict[str, Any],
) -> None:
    network = network.model_copy(update={"layer": layer, "kernel": kernel})
    one = settings(epochs=3, **changes)
    keras.utils.clear_session()  # as in a new process, layers are numbered from 0
    fit.train(network, one, folders(padded, tmp_path / "whole", tmp_path / "kept of whole"))
    with monkeypatch.context() as context:
        interrupted(context, batches_before=17)  # of 7 an epoch
        with pytest.raises(Killed):
            fit.train(network, one, folders(padded, tmp_path / "model", tmp_path / "kept"))
    assert not (tmp_path / "model").exists()
    assert capsys.readouterr().out.splitlines()[-1] == f"bi{layer}  2 of 3 epochs are saved"
    keras.utils.clear_session()
    fit.train(network, one, folders(padded, tmp_path / "model", tmp_path / "kept"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"bi{layer}  resumes after epoch 2"
    assert [line.split("  ")[1] for line in lines[1:]] == ["epoch 3/3"]
    for name in ("model.weights.h5", "history.csv", "network.json"):
        assert (tmp_path / "model" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert len(read_json(tmp_path / "timing.json")["seconds_per_epoch"]) == 3


def test_a_training_that_was_interrupted_after_its_last_epoch_is_only_written(
    padded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as context:
        context.setattr(fit, "save_network", fail)
        with pytest.raises(Killed):
            fit.train(NETWORK, settings(), folders(padded, tmp_path / "model", tmp_path / "kept"))
    monkeypatch.setattr(fit.EpochMonitor, "on_train_batch_end", fail)
    fit.train(NETWORK, settings(), folders(padded, tmp_path / "model", tmp_path / "kept"))
    assert len(history(tmp_path / "model")) == 2


def stale(
    change: str, padded: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[NetworkConfig, Train]:
    """Change one of what decides on the result, and return the network and the settings."""
    if change == "data":
        file = padded / "validation" / "labels.npy"
        np.save(file, 1 - np.load(file))
    elif change == "vectors":
        np.save(padded.parent / "word_vectors" / "vectors.npy", np.ones((20, 4), np.float32))
    elif change == "ngrams":
        (padded.parent / "ngrams" / "more.npy").touch()
    elif change == "code":
        code = Path(fit.__file__)
        other = padded / "fit.py"
        other.write_bytes(code.read_bytes() + b"\n")
        monkeypatch.setattr(fit, "__file__", str(other))
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
def test_a_training_never_goes_on_from_another_ones_state(
    padded: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: str,
) -> None:
    with monkeypatch.context() as context:
        interrupted(context, batches_before=8)
        with pytest.raises(Killed):
            fit.train(NETWORK, settings(), folders(padded, tmp_path / "model", tmp_path / "kept"))
    (kept,) = (tmp_path / "kept").iterdir()
    if change == "damage":
        content = bytearray(kept.read_bytes())
        content[len(content) // 2] ^= 1
        kept.write_bytes(content)
    network, one = stale(change, padded, monkeypatch)
    capsys.readouterr()
    fit.train(network, one, folders(padded, tmp_path / "model", tmp_path / "kept"))
    said = capsys.readouterr()
    assert ("resumes after epoch 1" in said.out) == (change == "none")
    assert ("is damaged, so it is left out" in said.err) == (change == "damage")
    assert len(list((tmp_path / "kept").iterdir())) == 1
    assert len(history(tmp_path / "model")) == 2
