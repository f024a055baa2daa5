"""Training: reproducible, shuffled by the seed, watched, and stopped when it goes astray."""

import csv
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from birnn import networks, training
from birnn.batches import batches
from birnn.errors import InputError
from birnn.files import read_json
from birnn.networks import Network
from birnn.settings import Train

NETWORK = Network(layer="gru", num_words=20, maxlen=6, embedding_dim=4, units=3, dropout=0.5)


def settings(**changes: Any) -> Train:
    defaults = {
        "seed": 0,
        "epochs": 2,
        "batch_size": 32,
        "optimizer": "adam",
        "learning_rate": 0.05,
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
    return tmp_path / "padded"


def history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open(encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


def test_what_is_written_and_logged(
    padded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    training.train(NETWORK, settings(), padded, tmp_path / "model")
    rows = history(tmp_path / "model")
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert list(rows[0]) == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]
    timing = read_json(tmp_path / "model" / "timing.json")
    assert timing["parameters"] == networks.build(NETWORK).count_params()
    assert len(timing["seconds_per_epoch"]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[:2] for line in lines] == [
        ["bigru", "epoch 1/2"],
        ["bigru", "epoch 2/2"],
    ]


def test_a_network_learns_what_can_be_learnt(padded: Path, tmp_path: Path) -> None:
    training.train(NETWORK, settings(epochs=15), padded, tmp_path / "model")
    assert float(history(tmp_path / "model")[-1]["val_accuracy"]) > 0.9


def test_the_seed_fixes_every_byte(padded: Path, tmp_path: Path) -> None:
    seeds = {"a": 0, "b": 0, "c": 1}
    for name, seed in seeds.items():
        keras.utils.clear_session()  # as in a new process, layers are numbered from 0
        training.train(NETWORK, settings(seed=seed), padded, tmp_path / name)
    for file in ("model.weights.h5", "history.csv", "network.json"):
        a, b, c = ((tmp_path / name / file).read_bytes() for name in seeds)
        assert a == b
        assert (a == c) == (file == "network.json")


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "nadam", "rmsprop", "sgd"])
def test_every_optimizer_that_the_settings_allow(
    padded: Path, tmp_path: Path, optimizer: str
) -> None:
    one = settings(optimizer=optimizer, epochs=1)
    training.train(NETWORK, one, padded, tmp_path / "model")
    assert len(history(tmp_path / "model")) == 1


def test_a_loss_that_is_not_finite_stops_and_leaves_the_old_model(
    padded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training.train(NETWORK, settings(), padded, tmp_path / "model")
    before = {file.name: file.read_bytes() for file in (tmp_path / "model").iterdir()}
    build = networks.build

    def spoilt(network: Network) -> Any:
        model = build(network)
        model.layers[0].set_weights([np.full((20, 4), np.nan)])
        return model

    monkeypatch.setattr(networks, "build", spoilt)
    with pytest.raises(InputError, match=r"bigru: the loss is nan in epoch 1, batch 1: lower"):
        training.train(NETWORK, settings(), padded, tmp_path / "model")
    assert {file.name: file.read_bytes() for file in (tmp_path / "model").iterdir()} == before


def test_each_epoch_has_every_review_once_in_another_order() -> None:
    ids = np.arange(10, dtype=np.int32)[:, None]
    labels = np.arange(10, dtype=np.uint8)

    def epochs(seed: int | None) -> list[list[int]]:
        dataset = batches(ids, labels, 4, seed)
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
    dataset = batches(ids, labels, 8, 0)
    sizes = []
    for chosen, chosen_labels in dataset.as_numpy_iterator():
        assert (chosen[:, 0] == chosen_labels).all()
        sizes.append(len(chosen_labels))
    assert sizes == [8] * 6 + [2]
    assert int(dataset.cardinality()) == 7
